import type { ProblemCode } from '@peta/contract'

import { CoreError, isCoreError, type Facts } from '../ground/errors.ts'

/** Primary result codes of SQLite. */
const SQLITE_BUSY = 5
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const PRIMARY_MASK = 0xff

/** Extended ones: keys that exist already, or that others point to; and no room for the index of the WAL. */
const SQLITE_KEY_CODES: readonly number[] = [1555, 2067, 787]
const SQLITE_IOERR_SHMSIZE = 4874

/** SQLSTATEs of PostgreSQL. */
const LOCKED_OUT: readonly string[] = ['40001', '40P01', '55P03']
const KEY_TAKEN: readonly string[] = ['23503', '23505']
const CANCELLED = '57014'
const NO_SPACE = '53100'
/** Connection exceptions, too many connections, shut down, starting up. */
const AWAY = /^(?:08...|53300|57P0[1-5])$/
const DRIVER_AWAY =
  /^(?:Connection terminated|Client (?:was closed|has encountered)|timeout ex|Query read timeout)/

/**
 * What callers learn of a failed statement: a code of ours and nothing that a driver wrote. What has no code is a
 * defect, and stays the `internal` of whoever renders it.
 */
export function storeError(cause: unknown): unknown {
  if (isCoreError(cause)) return cause
  const code = sqliteProblem(cause) ?? postgresProblem(cause)
  return code ? new CoreError(code, {}, { cause }) : cause
}

function sqliteProblem(cause: unknown): ProblemCode | undefined {
  const code = sqliteCode(cause)
  if (code === undefined) return undefined
  if (SQLITE_KEY_CODES.includes(code)) return 'conflict'
  if (code === SQLITE_IOERR_SHMSIZE) return 'storage_full'
  switch (code & PRIMARY_MASK) {
    case SQLITE_BUSY:
      return 'store_busy'
    case SQLITE_FULL:
      return 'storage_full'
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
      return 'store_unavailable'
    default:
      return undefined
  }
}

function postgresProblem(cause: unknown): ProblemCode | undefined {
  const code = sqlState(cause)
  if (KEY_TAKEN.includes(code)) return 'conflict'
  if (LOCKED_OUT.includes(code) || code === CANCELLED) return 'store_busy'
  if (code === NO_SPACE) return 'storage_full'
  return isAway(cause) ? 'store_unavailable' : undefined
}

/** Another transaction was in the way; a fresh attempt may get past it (STO-34). */
export const isLockedOut = (error: unknown): boolean =>
  ((sqliteCode(error) ?? 0) & PRIMARY_MASK) === SQLITE_BUSY || LOCKED_OUT.includes(sqlState(error))

/** The whole transaction failed with this statement, not the statement alone. */
export function isTransactionGone(error: unknown): boolean {
  const code = storeError(error)
  return isCoreError(code, 'storage_full') || isCoreError(code, 'store_unavailable')
}

/** The connection to PostgreSQL is lost or refused: sockets fail with an `E…` code, the driver itself with a text. */
const isAway = (error: unknown): boolean =>
  AWAY.test(sqlState(error)) ||
  /^E[A-Z]+$/.test(sqlState(error)) ||
  (error instanceof Error && DRIVER_AWAY.test(error.message))

const sqliteCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined

const sqlState = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** An error as plain data, for the way between threads. The cause stays behind as text for the log. */
export type ErrorMessage = Readonly<{ code?: ProblemCode; facts: Facts; text: string }>

export function toErrorMessage(error: unknown): ErrorMessage {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (!isCoreError(error)) return { facts: {}, text }
  const cause = error.cause instanceof Error ? error.cause.message : ''
  return { code: error.code, facts: error.facts, text: cause }
}

export const fromErrorMessage = ({ code, facts, text }: ErrorMessage): Error =>
  code ? new CoreError(code, facts, { cause: text }) : new Error(text)
