import { CoreError } from '../ground/errors.ts'

/** One event of a stream. `data` is bytes: its lines, joined by LF. */
export type SseEvent = Readonly<{ data: Buffer; type?: string; id?: string; retryMs?: number }>

/** Bytes in, whole events out. Chunks may end anywhere, inside a character too. */
export type SseDecoder = Readonly<{
  push: (chunk: Buffer) => readonly SseEvent[]
}>

const LF = 0x0a
const CR = 0x0d
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const EMPTY = Buffer.alloc(0)

type Draft = { data: Buffer[]; type?: string; id?: string; retryMs?: number }

/**
 * Reads a server-sent event stream. An event that never ends is cut off with an error, not kept.
 *
 * @throws CoreError `result_too_large` from `push`
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseDecoder(eventBytesMax: number): SseDecoder {
  let rest: Buffer = EMPTY
  let eventBytes = 0
  let isFirst = true
  let isAfterCr = false
  let draft: Draft = { data: [] }

  function takeLine(line: Buffer, events: SseEvent[]): void {
    const text = isFirst && line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? line.subarray(3) : line
    isFirst = false
    if (text.length > 0) return addField(draft, text)
    if (draft.data.length > 0) events.push(finish(draft))
    draft = { data: [] }
    eventBytes = 0
  }

  function bound(bytes: number): void {
    if (bytes > eventBytesMax) {
      throw new CoreError('result_too_large', { bytesMax: eventBytesMax })
    }
  }

  return {
    push(chunk) {
      const events: SseEvent[] = []
      const fresh = isAfterCr && chunk[0] === LF ? chunk.subarray(1) : chunk
      if (chunk.length > 0) isAfterCr = chunk.at(-1) === CR
      const searched = rest.length
      const bytes = rest.length === 0 ? fresh : Buffer.concat([rest, fresh])
      let from = 0
      let end = nextLineEnd(bytes, searched)
      while (end !== -1) {
        eventBytes += end - from
        bound(eventBytes)
        takeLine(bytes.subarray(from, end), events)
        from = end + (bytes[end] === CR && bytes[end + 1] === LF ? 2 : 1)
        end = nextLineEnd(bytes, from)
      }
      rest = from === 0 ? bytes : bytes.subarray(from)
      bound(eventBytes + rest.length)
      return events
    },
  }
}

function nextLineEnd(bytes: Buffer, from: number): number {
  const lf = bytes.indexOf(LF, from)
  const cr = (lf === -1 ? bytes : bytes.subarray(0, lf)).indexOf(CR, from)
  return cr === -1 ? lf : cr
}

function addField(draft: Draft, line: Buffer): void {
  const colon = line.indexOf(0x3a)
  if (colon === 0) return
  const name = (colon === -1 ? line : line.subarray(0, colon)).toString('latin1')
  const after = colon === -1 ? EMPTY : line.subarray(colon + 1)
  const value = after[0] === 0x20 ? after.subarray(1) : after
  if (name === 'data') draft.data.push(value)
  else if (name === 'event') draft.type = value.toString('utf8')
  else if (name === 'id' && !value.includes(0)) draft.id = value.toString('utf8')
  else if (name === 'retry' && /^\d+$/.test(value.toString('latin1'))) draft.retryMs = Number(value)
}

function finish({ data, ...rest }: Draft): SseEvent {
  const [first = EMPTY, ...more] = data
  const joined = more.length === 0 ? first : joinLines(data)
  return { data: joined, ...rest }
}

function joinLines(lines: readonly Buffer[]): Buffer {
  const newline = Buffer.from([LF])
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [newline, line])))
}

/** A comment line: keeps a stream alive and means nothing. */
export const sseComment: Buffer = Buffer.from(':\n\n')

const DATA = Buffer.from('data: ')
const END = Buffer.from('\n\n')

/** One JSON message as one event. Line ends between its tokens become lines of `data`. */
export function encodeSseEvent(message: Buffer): Buffer {
  const isOneLine = !message.includes(LF) && !message.includes(CR)
  if (isOneLine) return Buffer.concat([DATA, message, END])
  const lines = message.toString('latin1').split(/\r\n|\r|\n/)
  return Buffer.from(`${lines.map((line) => `data: ${line}\n`).join('')}\n`, 'latin1')
}
