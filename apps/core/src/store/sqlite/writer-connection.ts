import { isLockedOut, isTransactionGone } from '../store-error.ts'
import type { WriterConnection } from '../write-batch.ts'
import type { SqliteConnection } from './database.ts'

/** BEGIN IMMEDIATE takes the write lock at once, so a batch never fails half-way for want of it. */
export function sqliteWriter({ db, unguarded, raw }: SqliteConnection): WriterConnection {
  const exec = async (statement: string): Promise<void> => raw.exec(statement)
  return {
    db,
    unguarded,
    async begin(callerMs) {
      raw.exec('begin immediate')
      return callerMs
    },
    commit: () => exec('commit'),
    async rollback() {
      // SQLite itself ends the transaction when the disk is full.
      if (raw.isTransaction) raw.exec('rollback')
    },
    savepoint: (verb) => exec(`${verb} one_command`),
    isRetryable: isLockedOut,
    isFatal: isTransactionGone,
  }
}
