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
  const isLossy = !isExactNumber(bytes.toString('latin1', start, at))
  if (isLossy) cursor.lossyNumber ??= [start, at]
}

/**
 * Whether a double holds this JSON number: its value is within the safe integers, and writing it again gives the
 * same decimal.
 */
export function isExactNumber(text: string): boolean {
  const value = Number(text)
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return false
  return decimalOf(text) === decimalOf(String(value))
}

/** Digits and exponent without the freedom of spelling: `1.50e1` and `15` give the same. */
function decimalOf(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().replace(/^-/, '').split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const power = Number(exponent) - fraction.length + digits.length - significant.length
  return `${significant}e${power}`
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
