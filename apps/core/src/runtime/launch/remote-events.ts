import { limits } from '../../ground/limits.ts'
import { createSseDecoder, type SseEvent } from '../../protocol/sse.ts'

/** Where the stream of a legacy server broke off, and how long to wait before it is asked for again. */
export type StreamMark = Readonly<{
  eventId: string
  retryMs: number
  /** How often it was asked for since its last event with an id. */
  tries: number
}>

export type RemoteEvents = Readonly<{
  /** @throws CoreError `result_too_large` */
  push: (chunk: Buffer) => readonly SseEvent[]
  /** Undefined where the stream named no place to go on from, or going on has brought nothing. */
  mark: () => StreamMark | undefined
}>

const RETRY_MS = 1000
/** A server that wants no pause at all gets one, or it would be asked in a loop. */
export const RETRY_MS_MIN = 100
const TRIES_MAX = 3

/** Reads the events of one answer and remembers how far it came. */
export function createRemoteEvents(since?: StreamMark): RemoteEvents {
  const decoder = createSseDecoder(limits.resultBytesMax)
  let eventId: string | undefined
  let retryMs = since?.retryMs ?? RETRY_MS

  function note(event: SseEvent): void {
    if (event.id !== undefined && event.id !== '') eventId = event.id
    if (event.retryMs !== undefined) retryMs = Math.max(event.retryMs, RETRY_MS_MIN)
  }

  return {
    push(chunk) {
      const events = decoder.push(chunk)
      for (const event of events) note(event)
      return events
    },
    mark() {
      if (eventId !== undefined) return { eventId, retryMs, tries: 1 }
      if (!since || since.tries === TRIES_MAX) return undefined
      return { eventId: since.eventId, retryMs, tries: since.tries + 1 }
    },
  }
}
