import { isLockedOut, isTransactionGone } from '../store-error.ts'
import type { WriterConnection } from '../write-batch.ts'
import { createAdvanceLog } from './advance-log.ts'
import type { SqliteConnection } from './database.ts'

/** BEGIN IMMEDIATE takes the write lock at once, so a batch never fails half-way for want of it. */
export function sqliteWriter({ db, unguarded, raw }: SqliteConnection): WriterConnection {
  const begin = raw.prepare('begin immediate')
  const commit = raw.prepare('commit')
  return {
    db,
    unguarded,
    advanceLog: createAdvanceLog(raw),
    async begin(callerMs) {
      begin.run()
      return callerMs
    },
    async commit() {
      commit.run()
    },
    async rollback() {
      // SQLite itself ends the transaction when the disk is full.
      if (raw.isTransaction) raw.exec('rollback')
    },
    async savepoint(verb) {
      raw.exec(`${verb} one_command`)
    },
    isRetryable: isLockedOut,
    isFatal: isTransactionGone,
  }
}
