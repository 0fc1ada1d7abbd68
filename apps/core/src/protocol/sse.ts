import { CoreError } from '../ground/errors.ts'

/** One event of a stream. `data` is bytes: its lines, joined by LF. */
export type SseEvent = Readonly<{ data: Buffer; type?: string; id?: string; retryMs?: number }>

/** Bytes in, whole events out. Chunks may end anywhere, inside a character too. After an event too large, none come. */
export type SseDecoder = Readonly<{
  push: (chunk: Buffer) => readonly SseEvent[]
}>

const LF = 0x0a
const CR = 0x0d
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const EMPTY = Buffer.alloc(0)

type Draft = { data: Buffer[]; type?: string; id?: string; retryMs?: number }

/**
 * Reads a server-sent event stream. What goes on without being an event is cut off with an error, not kept: an event that
 * never ends, and lines that say nothing.
 *
 * @throws CoreError `result_too_large` from `push`
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseDecoder(eventBytesMax: number): SseDecoder {
  /** Pieces of the line that has not ended yet; joined once, when it has. */
  let pieces: Buffer[] = []
  let pending = 0
  /** Since the last whole event. */
  let eventBytes = 0
  let isAfterCr = false
  let isCut = false
  const takeLine = createAssembler()

  function check(): void {
    if (eventBytes + pending <= eventBytesMax) return
    isCut = true
    pieces = []
    throw new CoreError('result_too_large', { bytesMax: eventBytesMax })
  }

  function keep(piece: Buffer): void {
    pieces.push(piece)
    pending += piece.length
    check()
  }

  function endLine(events: SseEvent[]): void {
    const [first = EMPTY] = pieces
    const event = takeLine(pieces.length > 1 ? Buffer.concat(pieces, pending) : first)
    if (event) events.push(event)
    eventBytes = event ? 0 : eventBytes + Math.max(pending, 1)
    pieces = []
    pending = 0
    check()
  }

  return {
    push(chunk) {
      const events: SseEvent[] = []
      if (isCut) return events
      const fresh = isAfterCr && chunk[0] === LF ? chunk.subarray(1) : chunk
      if (chunk.length > 0) isAfterCr = chunk.at(-1) === CR
      let from = 0
      let lf = fresh.indexOf(LF)
      for (let end = nextLineEnd(fresh, from, lf); end !== -1; end = nextLineEnd(fresh, from, lf)) {
        if (end > from) keep(fresh.subarray(from, end))
        endLine(events)
        from = end + (fresh[end] === CR && fresh[end + 1] === LF ? 2 : 1)
        // Searched anew only once it is passed, or a text of nothing but CR would be searched for each of them.
        if (lf !== -1 && lf < from) lf = fresh.indexOf(LF, from)
      }
      if (from < fresh.length) keep(fresh.subarray(from))
      return events
    },
  }
}

/** Takes lines without their ends, and gives the event that an empty one ends. */
function createAssembler(): (line: Buffer) => SseEvent | undefined {
  let isFirst = true
  let draft: Draft = { data: [] }

  return function takeLine(line) {
    const text = isFirst && line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? line.subarray(3) : line
    isFirst = false
    if (text.length > 0) {
      addField(draft, text)
      return undefined
    }
    const ended = draft
    draft = { data: [] }
    return ended.data.length > 0 ? finish(ended) : undefined
  }
}

/** `lf` is the next LF, or -1. */
function nextLineEnd(bytes: Buffer, from: number, lf: number): number {
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

type EventHead = Readonly<{ id?: string | undefined; type?: string }>

/** One JSON message as one event. Line ends between its tokens become lines of `data`. */
export function encodeSseEvent(message: Buffer, { id, type }: EventHead = {}): Buffer {
  const head = [
    ...(type === undefined ? [] : [Buffer.from(`event: ${type}\n`)]),
    ...(id === undefined ? [] : [Buffer.from(`id: ${id}\n`)]),
  ]
  const isOneLine = !message.includes(LF) && !message.includes(CR)
  if (isOneLine) return Buffer.concat([...head, DATA, message, END])
  const lines = message.toString('latin1').split(/\r\n|\r|\n/)
  const text = `${lines.map((line) => `data: ${line}\n`).join('')}\n`
  return Buffer.concat([...head, Buffer.from(text, 'latin1')])
}

const RETRY_MS = 1000

/** An event without a message: from it a client can go on, and when it may try (MCP-35). */
export const encodeSsePriming = (id: string): Buffer =>
  Buffer.from(`retry: ${RETRY_MS}\nid: ${id}\ndata: \n\n`)
