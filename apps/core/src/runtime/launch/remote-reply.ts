import type { Receiver, ResponseHeaders } from '../../egress/exchange.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import { createSseDecoder, type SseDecoder } from '../../protocol/sse.ts'
import { lostByFailure, lostByStatus, lostWithoutAnswer, misbehaved } from './remote-loss.ts'
import type { Session } from './remote-session.ts'
import type { LostRequest, Outbound, WireEvents } from './wire.ts'

export type ReplyParts = Readonly<{
  server: string
  events: WireEvents
  session: Session
  onOver: () => void
  onSessionLost: () => void
}>

type Shape = 'json' | 'events' | 'none' | 'other'

/** Reads the answer to one POST, as JSON or as a stream of events, and says what was lost where none came. */
export function createReply(parts: ReplyParts, message: Outbound): Receiver {
  const { server, events, session } = parts
  const { hopId } = message
  const chunks: Buffer[] = []
  let status = 0
  let shape: Shape = 'none'
  let bytes = 0
  let decoder: SseDecoder | undefined

  const lose = (why: () => LostRequest): void => {
    if (hopId !== undefined) events.onLost(hopId, why)
  }

  function takeEvents(chunk: Buffer): void {
    decoder ??= createSseDecoder(limits.resultBytesMax)
    try {
      for (const event of decoder.push(chunk)) events.onMessage(event.data, hopId)
    } catch (error) {
      lose(() => ({ isSent: true, error: tooLarge(error) }))
    }
  }

  return {
    onStart(answered, headers) {
      status = answered
      shape = shapeOf(headers)
      if (status === 200) session.noteId(message, headers)
    },
    onBytes(chunk) {
      if (status === 200 && shape === 'events') return takeEvents(chunk)
      bytes += chunk.length
      if (bytes <= limits.resultBytesMax) chunks.push(chunk)
    },
    onEnd() {
      parts.onOver()
      if (bytes > limits.resultBytesMax) return lose(() => ({ isSent: true, error: tooLarge() }))
      const body = shape === 'json' && bytes > 0 ? joined(chunks) : undefined
      // An answer with our id is one whatever the status; then nothing is lost any more.
      const isMessage = (body !== undefined && events.onMessage(body, hopId)) || shape === 'events'
      lose(() => lostAtEnd(server, { status, body, isMessage }))
      if (status === 404 && session.headers().id !== undefined) parts.onSessionLost()
    },
    onFail(failure) {
      parts.onOver()
      lose(() => lostByFailure(server, failure))
    },
  }
}

type Ending = Readonly<{ status: number; body: Buffer | undefined; isMessage: boolean }>

function lostAtEnd(server: string, { status, body, isMessage }: Ending): LostRequest {
  if (status >= 300) return lostByStatus(server, status, body)
  return isMessage ? lostWithoutAnswer(server) : misbehaved(server)
}

function shapeOf(headers: ResponseHeaders): Shape {
  const type = headers['content-type']
  if (typeof type !== 'string') return 'none'
  if (/^application\/json\s*(;|$)/i.test(type)) return 'json'
  return /^text\/event-stream\s*(;|$)/i.test(type) ? 'events' : 'other'
}

/** Nearly every answer comes in one piece, which needs no copy. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return first && chunks.length === 1 ? first : Buffer.concat(chunks)
}

const tooLarge = (cause?: unknown): CoreError =>
  new CoreError('result_too_large', { bytesMax: limits.resultBytesMax }, { cause })
