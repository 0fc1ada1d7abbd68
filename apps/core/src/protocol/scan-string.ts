import { hasControl } from './control-bytes.ts'
import { BACKSLASH, QUOTE, SPACE } from './json-bytes.ts'
import { ESCAPED, notJson, refused, type ScanCursor, WIDE } from './scan-cursor.ts'

/** Past this many bytes a native search for the string's end is cheaper than a loop. */
const LONG_BYTES = 64
/** Beyond every frame, yet a small integer to the engine. */
const NEVER = 2 ** 30 - 1
/** What a byte is inside a string. */
const PLAIN = 0
const HIGH = 1
const STOP = 2
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => kindOf(byte))
/** `"`, `\\`, `/`, b, f, n, r, t: what may follow a backslash, apart from u. */
const IS_SHORT_ESCAPE = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
)
const LETTER_U = 0x75
const UNICODE_ESCAPE_BYTES = 6

/**
 * Steps over a string whose opening quote the cursor is on, and leaves in `flags` what it held. A strict scan looks
 * at every byte; another jumps through long strings, and looks there for control characters only.
 */
export function scanString(cursor: ScanCursor): void {
  const { bytes, rules } = cursor
  let at = cursor.at + 1
  let flags = 0
  let jumpAt = rules.isStrict ? NEVER : at + LONG_BYTES
  for (;;) {
    const byte = bytes[at] ?? 0
    const kind = KINDS[byte]
    if (kind === PLAIN && at < jumpAt) at += 1
    else if (byte === QUOTE) break
    else if (byte === BACKSLASH) {
      at = skipEscape(cursor, at)
      flags |= ESCAPED
      if (jumpAt !== NEVER) jumpAt = at + LONG_BYTES
    } else if (kind === STOP) throw notJson(UNENDED)
    else if (at < jumpAt) {
      flags |= WIDE
      at += 1
    } else {
      const next = nextQuoteOrBackslash(cursor, at)
      if (hasControl(bytes, at, next)) throw notJson(UNENDED)
      at = next
      jumpAt = at + LONG_BYTES
    }
  }
  cursor.at = at + 1
  cursor.flags = flags
  cursor.seen |= flags
}

const UNENDED = 'a string that does not end, or holds a control character'

function kindOf(byte: number): number {
  if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) return STOP
  return byte > 0x7f ? HIGH : PLAIN
}

function nextQuoteOrBackslash(cursor: ScanCursor, from: number): number {
  const { bytes } = cursor
  const quote = bytes.indexOf(QUOTE, from)
  if (quote === -1) throw notJson('a string that does not end')
  if (cursor.backslashAt < from) {
    const backslash = bytes.indexOf(BACKSLASH, from)
    cursor.backslashAt = backslash === -1 ? bytes.length : backslash
  }
  return Math.min(quote, cursor.backslashAt)
}

function skipEscape(cursor: ScanCursor, at: number): number {
  const kind = cursor.bytes[at + 1]
  if (kind !== LETTER_U) {
    if (IS_SHORT_ESCAPE[kind ?? 0] !== 1) throw notJson('an unknown escape')
    return at + 2
  }
  const unit = codeUnit(cursor.bytes, at)
  const next = at + UNICODE_ESCAPE_BYTES
  if (!isSurrogate(unit) || !cursor.rules.isStrict) return next

  const isPair =
    isHigh(unit) &&
    cursor.bytes[next] === BACKSLASH &&
    cursor.bytes[next + 1] === LETTER_U &&
    isLow(codeUnit(cursor.bytes, next))
  if (!isPair) throw refused('half a surrogate pair')
  return next + UNICODE_ESCAPE_BYTES
}

function codeUnit(bytes: Buffer, at: number): number {
  let unit = 0
  for (let index = at + 2; index < at + UNICODE_ESCAPE_BYTES; index += 1) {
    unit = unit * 16 + hexDigit(bytes[index])
  }
  return unit
}

function hexDigit(byte: number | undefined): number {
  const digit = byte === undefined ? Number.NaN : Number.parseInt(String.fromCharCode(byte), 16)
  if (Number.isNaN(digit)) throw notJson('an escape without four hex digits')
  return digit
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff
const isHigh = (unit: number): boolean => unit < 0xdc00
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff
