import { CoreError, isCoreError, type Facts } from '../ground/errors.ts'
import type { ProblemCode } from '@peta/contract'

/** Primary result codes of SQLite, and SQLSTATEs of PostgreSQL, that have a code of ours. */
const SQLITE_FULL = 13
const SQLITE_PRIMARY_MASK = 0xff
const CODES: Readonly<Record<string, ProblemCode>> = {
  '53100': 'storage_full',
  '53300': 'store_unavailable',
  '57P01': 'store_unavailable',
  '57P03': 'store_unavailable',
  '40001': 'store_busy',
  '40P01': 'store_busy',
  '55P03': 'store_busy',
  '57014': 'store_busy',
  ECONNREFUSED: 'store_unavailable',
  ECONNRESET: 'store_unavailable',
  ETIMEDOUT: 'store_unavailable',
  EPIPE: 'store_unavailable',
}

/**
 * What callers learn of a failed statement: a code of ours and nothing that a driver wrote. What has no code is a
 * defect, and stays the `internal` of whoever renders it.
 */
export function storeError(cause: unknown): unknown {
  if (isCoreError(cause)) return cause
  if (sqliteCode(cause) === SQLITE_FULL) return new CoreError('storage_full', {}, { cause })
  const code = CODES[driverCode(cause)]
  return code ? new CoreError(code, {}, { cause }) : cause
}

export const sqliteCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & SQLITE_PRIMARY_MASK
    : undefined

export const driverCode = (error: unknown): string =>
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
