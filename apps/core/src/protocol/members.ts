import type { Span } from '../model/frame.ts'
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  isSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './json-bytes.ts'

export type Member = Readonly<{ name: string; start: number; value: Span }>

/**
 * The members of the object at `span`, or none when another value stands there. Only for text that a scan has
 * accepted: it checks nothing.
 */
export function readMembers(bytes: Buffer, span: Span): readonly Member[] {
  const members: Member[] = []
  if (bytes[span[0]] !== OPEN_OBJECT) return members
  let at = skipSeparators(bytes, span[0] + 1)
  while (bytes[at] === QUOTE) {
    const start = at
    const nameEnd = skipString(bytes, at)
    const valueStart = skipSeparators(bytes, nameEnd)
    const valueEnd = skipValue(bytes, valueStart)
    const name = String(JSON.parse(bytes.toString('utf8', start, nameEnd)))
    members.push({ name, start, value: [valueStart, valueEnd] })
    at = skipSeparators(bytes, valueEnd)
  }
  return members
}

/** The elements of the array at `span`, or none when another value stands there. */
export function readElements(bytes: Buffer, span: Span): readonly Span[] {
  const elements: Span[] = []
  if (bytes[span[0]] !== OPEN_ARRAY) return elements
  let at = skipSeparators(bytes, span[0] + 1)
  while (bytes[at] !== CLOSE_ARRAY) {
    const end = skipValue(bytes, at)
    elements.push([at, end])
    at = skipSeparators(bytes, end)
  }
  return elements
}

/** What the value at `span` is. */
export const readValue = (bytes: Buffer, [start, end]: Span): unknown =>
  JSON.parse(bytes.toString('utf8', start, end))

function skipValue(bytes: Buffer, from: number): number {
  const byte = bytes[from]
  if (byte === QUOTE) return skipString(bytes, from)
  if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) return skipNested(bytes, from)
  let at = from
  while (at < bytes.length && !isEnd(bytes[at])) at += 1
  return at
}

function skipNested(bytes: Buffer, from: number): number {
  let depth = 0
  let at = from
  do {
    const byte = bytes[at]
    if (byte === QUOTE) at = skipString(bytes, at)
    else {
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1
      at += 1
    }
  } while (depth > 0 && at < bytes.length)
  return at
}

function skipString(bytes: Buffer, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

const isEnd = (byte: number | undefined): boolean =>
  byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || isSpace(byte)

function skipSeparators(bytes: Buffer, from: number): number {
  let at = from
  while (isSpace(bytes[at]) || bytes[at] === COMMA || bytes[at] === 0x3a) at += 1
  return at
}
