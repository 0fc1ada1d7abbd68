import type { Span } from '../model/frame.ts'

/** Puts `text` where `span` was; an empty span inserts. */
export type Edit = Readonly<{ span: Span; text: string | Buffer }>

/**
 * A copy of `bytes` with the edits applied, and not one byte outside their spans changed (MCP-82). Edits are in
 * ascending order and do not overlap.
 */
export function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes
  const out = Buffer.allocUnsafe(lengthAfter(bytes, edits))
  let from = 0
  let at = 0
  for (const { span, text } of edits) {
    const [start, end] = span
    if (start < from) throw new RangeError('edits overlap or are out of order')
    at += bytes.copy(out, at, from, start)
    at += typeof text === 'string' ? out.write(text, at) : text.copy(out, at)
    from = end
  }
  bytes.copy(out, at, from)
  return out
}

function lengthAfter(bytes: Buffer, edits: readonly Edit[]): number {
  let length = bytes.length
  for (const { span, text } of edits) {
    length += (typeof text === 'string' ? Buffer.byteLength(text) : text.length) + span[0] - span[1]
  }
  return length
}
