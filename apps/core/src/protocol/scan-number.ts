import { isExactInDouble } from '../ground/exact-number.ts'
import { limits } from '../ground/limits.ts'
import { DOT, isDigit, lower, MINUS, PLUS, ZERO } from './json-bytes.ts'
import { notJson, refused, type ScanCursor } from './scan-cursor.ts'

/** A decimal of so many characters, without exponent, is always held exactly enough by a double. */
const SHORT_NUMBER_BYTES = 15
const LETTER_E = 0x65

/** Steps over a number, and notes the first one that a double does not hold. */
export function scanNumber(cursor: ScanCursor): void {
  const { bytes, at: start } = cursor
  let at = bytes[start] === MINUS ? start + 1 : start
  at = bytes[at] === ZERO ? at + 1 : skipDigits(bytes, at)
  if (bytes[at] === DOT) at = skipDigits(bytes, at + 1)
  const exponentAt = at
  if (lower(bytes[at] ?? 0) === LETTER_E) at = skipDigits(bytes, skipSign(bytes, at + 1))
  cursor.at = at

  const isPlain = at - start <= SHORT_NUMBER_BYTES && exponentAt === at
  if (isPlain || !cursor.rules.isStrict) return
  if (at - start > limits.numberLengthMax) throw refused('a number too long to be compared')
  const isLossy = !isExactInDouble(bytes.toString('latin1', start, at))
  if (isLossy) cursor.lossyNumber ??= [start, at]
}

function skipSign(bytes: Buffer, at: number): number {
  return bytes[at] === PLUS || bytes[at] === MINUS ? at + 1 : at
}

function skipDigits(bytes: Buffer, from: number): number {
  let at = from
  while (isDigit(bytes[at])) at += 1
  if (at === from) throw notJson('a value that is none')
  return at
}
