import type { Receiver, ResponseHeaders } from '../../egress/exchange.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import { createSseDecoder } from '../../protocol/sse.ts'
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
  const decoder = createSseDecoder(limits.resultBytesMax)
  const chunks: Buffer[] = []
  let status = 0
  let shape: Shape = 'none'
  let bytes = 0

  const lose = (lost: LostRequest): void => {
    if (hopId !== undefined) events.onLost(hopId, lost)
  }

  function takeEvents(chunk: Buffer): void {
    try {
      for (const event of decoder.push(chunk)) events.onMessage(event.data, hopId)
    } catch (error) {
      lose({ isSent: true, error: tooLarge(error) })
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
      if (bytes > limits.resultBytesMax) return lose({ isSent: true, error: tooLarge() })
      const body = shape === 'json' && bytes > 0 ? Buffer.concat(chunks) : undefined
      // An answer with our id is one whatever the status; then nothing is lost any more.
      const isMessage = body !== undefined && events.onMessage(body, hopId)
      lose(lostAtEnd(server, { status, body, isMessage: isMessage || shape === 'events' }))
      if (status === 404 && session.headers().id !== undefined) parts.onSessionLost()
    },
    onFail(failure) {
      parts.onOver()
      lose(lostByFailure(server, failure))
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

const tooLarge = (cause?: unknown): CoreError =>
  new CoreError('result_too_large', { bytesMax: limits.resultBytesMax }, { cause })
