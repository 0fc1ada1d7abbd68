import type { Clock } from '../../ground/clock.ts'
import { createDelay, type Delay } from '../../ground/delay.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Outlet } from '../../model/call.ts'
import { accepts, type Headers } from '../../protocol/headers.ts'
import { isResumable, takesPriming } from '../../protocol/rev-2025-11-25/version.ts'
import { wholeOf } from '../../protocol/splice.ts'
import { type KeptEvents, type KeptStream, PRIMING, type Reader } from './kept-events.ts'
import type { McpReply } from '../outcome.ts'
import type { Session } from './sessions.ts'

/** The way back of one request. It becomes a stream with the first that is sent on it, if its client takes one. */
export type ClientOutlet = Outlet & Partial<Reader>

export type Answering = Readonly<{
  session: Session
  outlet: ClientOutlet
  headers: Headers
  /** Aborts when the client hangs up, which ends nothing but the connection (MCP-36). */
  closed: AbortSignal
}>

/** The stream of one request's answer, to which its client can come back. */
export type ResumableStream = Disposable &
  Pick<Outlet, 'notify'> &
  Readonly<{
    /** Keeps the answer behind what preceded it; one that needed no stream is not one to come back to. */
    finish: (reply: McpReply) => McpReply
  }>

type ResumableDeps = Readonly<{
  kept: KeptEvents
  timers: Pick<Timers, 'after'>
  clock: Pick<Clock, 'nowMs'>
}>

/** A call that takes longer than this gets a point to come back to. */
const PRIME_MS = 1000

/** Undefined where its client cannot come back (MCP-35). Kept from the first event on: most answers need none. */
export type OpenResumable = (answering: Answering) => ResumableStream | undefined

export function createOpenResumable(deps: ResumableDeps): OpenResumable {
  const { kept } = deps
  const primeLater = createDelay(PRIME_MS, deps)
  return function openResumable(answering) {
    const reader = readerOf(answering)
    return reader && streamTo(reader, { kept, primeLater }, answering)
  }
}

function streamTo(
  reader: Reader,
  { kept, primeLater }: Readonly<{ kept: KeptEvents; primeLater: Delay }>,
  { session, closed }: Answering,
): ResumableStream {
  let stream: KeptStream | undefined

  function notify(frame: Buffer): void {
    // Nobody could come back to a stream of which nothing has arrived.
    if (!stream && closed.aborted) return
    stream ??= open()
    kept.add(stream, frame)
  }

  function open(): KeptStream {
    const opened = kept.open(session.id, false, reader)
    closed.addEventListener('abort', () => kept.leave(opened, reader), { once: true })
    return opened
  }

  const prime = (): void => (stream ? undefined : notify(PRIMING))
  const priming = takesPriming(session.version) ? primeLater(prime) : undefined
  return {
    notify,
    finish(reply) {
      // What answers the request itself is written by whoever holds its response.
      const eventId = stream && kept.end(stream, reply.body && wholeOf(reply.body), reader)
      return eventId === undefined ? reply : { ...reply, eventId }
    },
    [Symbol.dispose]: () => priming?.[Symbol.dispose](),
  }
}

function readerOf({ session, outlet, headers }: Answering): Reader | undefined {
  const { notify, prime, end } = outlet
  const isStreamed = isResumable(session.version) && accepts(headers, 'text/event-stream')
  return isStreamed && prime && end ? { notify, prime, end } : undefined
}
