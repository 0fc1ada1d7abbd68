import { decoded, unescapeView, type DecodeUnit, type View } from './view.ts'

const BACKSLASH = 0x5c
const PERCENT = 0x25
const AMPERSAND = 0x26
const SEMICOLON = 0x3b
const LOWER_U = 0x75

/** Text as it reads once JSON string escapes are undone. @see RFC 8259 section 7 */
export const jsonView = (source: Buffer): View | undefined =>
  unescapeView('json', source, BACKSLASH, decodeJsonEscape)

/** Percent-encoding, of any byte and in any case. @see RFC 3986 section 2.1 */
export const percentView = (source: Buffer): View | undefined =>
  unescapeView('percent', source, PERCENT, decodePercent)

/** The predefined entities and character references of XML. @see XML 1.0 section 4.1 */
export const xmlView = (source: Buffer): View | undefined =>
  unescapeView('xml', source, AMPERSAND, decodeReference)

const SIMPLE_ESCAPES = new Map(
  Object.entries({ b: 8, t: 9, n: 10, f: 12, r: 13, '"': 0x22, '/': 0x2f, '\\': 0x5c }).map(
    ([letter, byte]) => [letter.charCodeAt(0), byte],
  ),
)

const decodeJsonEscape: DecodeUnit = (source, at, target, to) => {
  const letter = source[at + 1] ?? 0
  if (letter === LOWER_U) return decodeUnicodeEscape(source, at, target, to)
  const byte = SIMPLE_ESCAPES.get(letter)
  if (byte === undefined) return 0
  target[to] = byte
  return decoded(2, 1)
}

const decodeUnicodeEscape: DecodeUnit = (source, at, target, to) => {
  const first = hexNumber(source, at + 2, at + 6)
  if (first < 0) return 0
  const isLead = first >= 0xd800 && first < 0xdc00
  const isPair = isLead && source[at + 6] === BACKSLASH && source[at + 7] === LOWER_U
  const second = isPair ? hexNumber(source, at + 8, at + 12) : -1
  if (second >= 0xdc00 && second < 0xe000) {
    const code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
    return decoded(12, target.write(String.fromCodePoint(code), to))
  }
  return decoded(6, target.write(String.fromCharCode(first), to))
}

const decodePercent: DecodeUnit = (source, at, target, to) => {
  const byte = hexNumber(source, at + 1, at + 3)
  if (byte < 0) return 0
  target[to] = byte
  return decoded(3, 1)
}

const NAMED_REFERENCES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])
const REFERENCE_LENGTH_MAX = 10
const CODE_POINT_MAX = 0x10ffff

const decodeReference: DecodeUnit = (source, at, target, to) => {
  const window = source.subarray(at + 1, at + 1 + REFERENCE_LENGTH_MAX)
  const end = window.indexOf(SEMICOLON)
  if (end < 1) return 0
  const character = referenced(String.fromCharCode(...window.subarray(0, end)))
  return character === undefined ? 0 : decoded(end + 2, target.write(character, to))
}

function referenced(name: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(name) ?? []
  if (!hex && !decimal) return NAMED_REFERENCES.get(name)
  const code = hex ? Number.parseInt(hex, 16) : Number(decimal)
  return code <= CODE_POINT_MAX ? String.fromCodePoint(code) : undefined
}

/** -1 unless every byte of the range is a hex digit. */
function hexNumber(source: Uint8Array, from: number, to: number): number {
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = HEX_DIGITS[source[at] ?? 0] ?? -1
    if (digit < 0) return -1
    number = number * 16 + digit
  }
  return number
}

const HEX_DIGITS = Int8Array.from({ length: 256 }, (_, byte) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase()),
)
