import type { Door } from '../../egress/egress.ts'
import type { Exchange } from '../../egress/exchange.ts'
import type { Timers } from '../../ground/timers.ts'
import type { StreamMark } from './remote-events.ts'
import { messageHeaders } from './remote-headers.ts'
import { createReply, type ReplyParts } from './remote-reply.ts'
import { STREAM_BYTES_MAX } from './remote-stream.ts'
import type { Outbound } from './wire.ts'

/** What is to be aborted when nobody waits for an answer any more, by hop id. */
export type OpenExchanges = Map<number, Pick<Exchange, 'abort'>>

export type ResumeParts = Readonly<{
  door: Door
  fixed: readonly string[]
  timers: Pick<Timers, 'after'>
  open: OpenExchanges
  reply: ReplyParts
}>

/** The request is not made again: its stream is asked for, from where it broke off. */
export function resumeLater(
  { door, fixed, timers, open, reply }: ResumeParts,
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
