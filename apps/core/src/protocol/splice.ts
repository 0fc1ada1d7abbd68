import type { Span } from '../model/frame.ts'

/** Puts `text` where `span` was; an empty span inserts. */
export type Edit = Readonly<{ span: Span; text: string | Buffer }>

/**
 * A copy of `bytes` with the edits applied, and not one byte outside their spans changed (MCP-82). Edits do not
 * overlap; what is inserted at one place stands in their order.
 */
export function splice(bytes: Buffer, unordered: readonly Edit[]): Buffer {
  if (unordered.length === 0) return bytes
  const edits = isInOrder(unordered) ? unordered : unordered.toSorted(byStart)
  const out = Buffer.allocUnsafe(lengthAfter(bytes, edits))
  let from = 0
  let at = 0
  for (const { span, text } of edits) {
    const [start, end] = span
    if (start < from) throw new RangeError('edits overlap')
    at += bytes.copy(out, at, from, start)
    at += typeof text === 'string' ? out.write(text, at) : text.copy(out, at)
    from = end
  }
  bytes.copy(out, at, from)
  return out
}

/** A message whole, or in pieces that follow each other. */
export type Message = Buffer | readonly Buffer[]

/** From here on a copy costs more than the pieces do; 35 KB cost a fifth of their call. */
const LONG_BYTES = 16 * 1024

/** As `splice`, but what is long is not copied: what stays of it goes out from where it came in. */
export function spliceMessage(bytes: Buffer, edits: readonly Edit[]): Message {
  return bytes.length < LONG_BYTES ? splice(bytes, edits) : piecesOf(bytes, edits)
}

function piecesOf(bytes: Buffer, unordered: readonly Edit[]): readonly Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (const { span, text } of unordered.toSorted(byStart)) {
    const [start, end] = span
    if (start < from) throw new RangeError('edits overlap')
    pieces.push(bytes.subarray(from, start), typeof text === 'string' ? Buffer.from(text) : text)
    from = end
  }
  pieces.push(bytes.subarray(from))
  return pieces.filter(({ length }) => length > 0)
}

/** A message of pieces, by the same measure. */
export function joinMessage(pieces: readonly Buffer[]): Message {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return length < LONG_BYTES ? Buffer.concat(pieces, length) : pieces
}

export const wholeOf = (message: Message): Buffer =>
  Buffer.isBuffer(message) ? message : Buffer.concat(message)

/** Most messages have their members in the order in which they are edited. */
function isInOrder(edits: readonly Edit[]): boolean {
  let from = 0
  for (const { span } of edits) {
    if (span[0] < from) return false
    from = span[0]
  }
  return true
}

const byStart = (a: Edit, b: Edit): number => a.span[0] - b.span[0]

function lengthAfter(bytes: Buffer, edits: readonly Edit[]): number {
  let length = bytes.length
  for (const { span, text } of edits) {
    length += (typeof text === 'string' ? Buffer.byteLength(text) : text.length) + span[0] - span[1]
  }
  return length
}
