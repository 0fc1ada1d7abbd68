import { isUtf8 } from 'node:buffer'

import type { Slot, Span } from '../model/frame.ts'
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  SPACE,
} from './json-bytes.ts'
import type { Place } from './places.ts'
import { notJson, refused, type ScanCursor, type ScanRules, WIDE } from './scan-cursor.ts'
import { findMember, refuseRepeated } from './scan-names.ts'
import { scanNumber } from './scan-number.ts'
import { scanString } from './scan-string.ts'

export type Scanned = Readonly<{
  spans: Readonly<Partial<Record<Slot, Span>>>
  /** No byte above 0x7f. Only a strict scan looks at every byte; otherwise false. */
  isAscii: boolean
  /** The first number that a double does not hold exactly (POL-13). Only a strict scan looks. */
  lossyNumber?: Span
}>

/**
 * Checks one JSON text in one pass over its bytes and notes where the values named by `root` stand. It builds no
 * values: what a strict scan accepts, `JSON.parse` accepts, and so does any other parser, with the same reading.
 *
 * @throws CoreError `not_json` when the text is not JSON, `frame_invalid` when it is JSON that two parsers might
 *   read differently (MCP-90)
 */
export function scan(bytes: Buffer, root: Place, rules: ScanRules): Scanned {
  const cursor = cursorAt(bytes, rules)
  skipSpace(cursor)
  scanValue(cursor, root)
  if (cursor.at < bytes.length) skipSpace(cursor)
  if (cursor.at !== bytes.length) throw notJson('bytes after its end')

  const isAscii = rules.isStrict && (cursor.seen & WIDE) === 0
  if (!isAscii && !isUtf8(bytes)) throw notJson('not UTF-8')
  const { spans, lossyNumber } = cursor
  return lossyNumber ? { spans, isAscii, lossyNumber } : { spans, isAscii }
}

const cursorAt = (bytes: Buffer, rules: ScanRules): ScanCursor => ({
  bytes,
  rules,
  at: 0,
  depth: 0,
  seen: 0,
  flags: 0,
  backslashAt: -1,
  nameStart: 0,
  nameEnd: 0,
  names: [],
  spans: {},
  lossyNumber: undefined,
})

function scanValue(cursor: ScanCursor, place: Place | undefined): void {
  const byte = cursor.bytes[cursor.at]
  if (byte === QUOTE) scanString(cursor)
  else if (byte === OPEN_OBJECT) scanObject(cursor, place)
  else if (byte === OPEN_ARRAY) scanArray(cursor)
  else if (byte === 0x74) scanWord(cursor, 'true')
  else if (byte === 0x66) scanWord(cursor, 'false')
  else if (byte === 0x6e) scanWord(cursor, 'null')
  else scanNumber(cursor)
}

function scanObject(cursor: ScanCursor, place: Place | undefined): void {
  enter(cursor)
  if (cursor.bytes[cursor.at] === CLOSE_OBJECT) {
    leave(cursor)
    return
  }
  const firstName = cursor.names.length
  let spelled: Set<string> | undefined
  do {
    scanName(cursor)
    spelled = refuseRepeated(cursor, firstName, spelled)
    const member = place && findMember(cursor, place)
    expectColon(cursor)
    const start = cursor.at
    scanValue(cursor, member?.inside)
    if (member?.slot !== undefined) cursor.spans[member.slot] = [start, cursor.at]
  } while (isContinued(cursor))

  if (cursor.bytes[cursor.at] !== CLOSE_OBJECT) throw notJson('an object that does not end')
  cursor.names.length = firstName
  leave(cursor)
}

function scanArray(cursor: ScanCursor): void {
  enter(cursor)
  if (cursor.bytes[cursor.at] === CLOSE_ARRAY) {
    leave(cursor)
    return
  }
  do {
    skipSpace(cursor)
    scanValue(cursor, undefined)
  } while (isContinued(cursor))

  if (cursor.bytes[cursor.at] !== CLOSE_ARRAY) throw notJson('an array that does not end')
  leave(cursor)
}

function enter(cursor: ScanCursor): void {
  cursor.depth += 1
  if (cursor.depth > cursor.rules.depthMax) throw refused(`deeper than ${cursor.rules.depthMax}`)
  cursor.at += 1
  skipSpace(cursor)
}

function leave(cursor: ScanCursor): void {
  cursor.at += 1
  cursor.depth -= 1
}

function scanName(cursor: ScanCursor): void {
  skipSpace(cursor)
  if (cursor.bytes[cursor.at] !== QUOTE) throw notJson('a member without a name')
  cursor.nameStart = cursor.at + 1
  scanString(cursor)
  cursor.nameEnd = cursor.at - 1
}

function expectColon(cursor: ScanCursor): void {
  skipSpace(cursor)
  if (cursor.bytes[cursor.at] !== COLON) throw notJson('a member without a colon')
  cursor.at += 1
  skipSpace(cursor)
}

/** Steps over a comma, when there is one. */
function isContinued(cursor: ScanCursor): boolean {
  skipSpace(cursor)
  if (cursor.bytes[cursor.at] !== COMMA) return false
  cursor.at += 1
  return true
}

function scanWord(cursor: ScanCursor, word: 'true' | 'false' | 'null'): void {
  for (let index = 0; index < word.length; index += 1) {
    if (cursor.bytes[cursor.at + index] !== word.charCodeAt(index)) throw notJson('an unknown word')
  }
  cursor.at += word.length
}

/** Most values have none before them: one comparison, then. */
function skipSpace(cursor: ScanCursor): void {
  const { bytes } = cursor
  let { at } = cursor
  if ((bytes[at] ?? 0) > SPACE) return
  while (at < bytes.length && isSpace(bytes[at])) at += 1
  cursor.at = at
}
