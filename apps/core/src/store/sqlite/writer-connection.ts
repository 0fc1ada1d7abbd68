import type { WriterConnection } from '../writer.ts'
import { sqliteCode } from '../store-error.ts'
import type { SqliteConnection } from './database.ts'

const SQLITE_BUSY = 5

/** BEGIN IMMEDIATE takes the write lock at once, so a batch never fails half-way for want of it. */
export function sqliteWriter({ db, raw }: SqliteConnection): WriterConnection {
  const exec = async (statement: string): Promise<void> => raw.exec(statement)
  return {
    db,
    begin: () => exec('begin immediate'),
    commit: () => exec('commit'),
    rollback: () => exec('rollback'),
    savepoint: (verb) => exec(`${verb} one_command`),
    nowMs: (callerMs) => callerMs,
    isRetryable: (error) => sqliteCode(error) === SQLITE_BUSY,
  }
}
