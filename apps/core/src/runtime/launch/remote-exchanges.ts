import type { Door } from '../../egress/egress.ts'
import type { Exchange } from '../../egress/exchange.ts'
import { limits } from '../../ground/limits.ts'
import type { Timers } from '../../ground/timers.ts'
import type { StreamMark } from './remote-events.ts'
import { messageHeaders } from './remote-headers.ts'
import { createReply, type ReplyParts } from './remote-reply.ts'
import { LASTING_IDLE_MS, STREAM_BYTES_MAX } from './remote-stream.ts'
import type { Outbound } from './wire.ts'

/** What is to be aborted when nobody waits for an answer any more, by hop id. */
export type OpenExchanges = Map<number, Pick<Exchange, 'abort'>>

export type ExchangeParts = Readonly<{
  door: Door
  fixed: readonly string[]
  timers: Pick<Timers, 'after'>
  open: OpenExchanges
  reply: ReplyParts
}>

export function postMessage({ door, fixed, open, reply }: ExchangeParts, message: Outbound): void {
  const { hopId, bytes: body } = message
  const request = {
    method: 'POST',
    headers: fixed.concat(messageHeaders(message, reply.session.headers())),
    body,
    responseBytesMax: STREAM_BYTES_MAX,
    ...(message.isLasting && { isLasting: true, idleMs: LASTING_IDLE_MS }),
  } as const
  if (hopId === undefined) {
    door.exchange({ ...request, idleMs: limits.callAbsoluteMs }, createReply(reply, message))
  } else {
    // Whoever waits keeps time for all that it waits for, and abandons what is late (RUN-12).
    open.set(hopId, door.exchange(request, createReply(reply, message)))
  }
}

/** The request is not made again: its stream is asked for, from where it broke off. */
export function resumeLater(
  { door, fixed, timers, open, reply }: ExchangeParts,
  message: Outbound,
  mark: StreamMark,
): void {
  const { hopId } = message
  if (hopId === undefined) return
  const timer = timers.after(mark.retryMs, () => {
    const own = messageHeaders(message, reply.session.headers())
    const request = {
      method: 'GET',
      headers: fixed.concat(own, 'last-event-id', mark.eventId),
      responseBytesMax: STREAM_BYTES_MAX,
    } as const
    open.set(hopId, door.exchange(request, createReply(reply, message, mark)))
  })
  open.set(hopId, { abort: () => timer[Symbol.dispose]() })
}
