import type { Span } from '../model/frame.ts'
import { BACKSLASH, COMMA, isSpace, OPEN_OBJECT, QUOTE } from './json-bytes.ts'
import type { Edit } from './splice.ts'

/**
 * Edits that take members out of one object, each with its name and one comma. `values` are the members' values, in
 * ascending order; the text has passed a scan.
 */
export function removeMembers(bytes: Buffer, values: readonly Span[]): readonly Edit[] {
  // Up to here the object's first members are gone, so the next one has no comma before it any more.
  let headEnd = -1
  return values.map(([valueStart, valueEnd]) => {
    const nameStart = nameBefore(bytes, valueStart)
    const before = backOverSpace(bytes, nameStart - 1)
    if (bytes[before] !== OPEN_OBJECT && before >= headEnd) {
      return { span: [before, valueEnd], text: '' }
    }
    const after = overSpace(bytes, valueEnd)
    headEnd = bytes[after] === COMMA ? after + 1 : valueEnd
    return { span: [nameStart, headEnd], text: '' }
  })
}

function nameBefore(bytes: Buffer, valueStart: number): number {
  const colon = backOverSpace(bytes, valueStart - 1)
  let at = backOverSpace(bytes, colon - 1) - 1
  while (bytes[at] !== QUOTE || isEscaped(bytes, at)) at -= 1
  return at
}

function isEscaped(bytes: Buffer, at: number): boolean {
  let backslashes = 0
  while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}

function backOverSpace(bytes: Buffer, from: number): number {
  let at = from
  while (isSpace(bytes[at])) at -= 1
  return at
}

function overSpace(bytes: Buffer, from: number): number {
  let at = from
  while (isSpace(bytes[at])) at += 1
  return at
}
