import type { Door } from '../../egress/egress.ts'
import type { Receiver } from '../../egress/exchange.ts'
import { limits } from '../../ground/limits.ts'
import { messageHeaders } from './remote-headers.ts'
import { createReply, type ReplyParts } from './remote-reply.ts'
import type { StreamEvents } from './wire.ts'

export type RemoteStreamParts = Readonly<{
  door: Door
  fixed: readonly string[]
  reply: ReplyParts
  isOver: () => boolean
}>

/** A stream carries progress beside its one result. */
export const STREAM_BYTES_MAX = 4 * limits.resultBytesMax
/** A peer that went away without a word is found out at last. */
export const LASTING_IDLE_MS = 15 * 60_000
/** By this a server says that it has nothing to tell of its own. */
const NO_STREAM = 405

/** The stream of a session for what no request caused. */
export function openRemoteStream(parts: RemoteStreamParts, told: StreamEvents): Disposable {
  const { door, fixed, reply } = parts
  const message = { bytes: Buffer.alloc(0), method: 'GET', era: 'legacy' } as const
  const exchange = door.exchange(
    {
      method: 'GET',
      headers: [...fixed, ...messageHeaders(message, reply.session.headers())],
      responseBytesMax: STREAM_BYTES_MAX,
      isLasting: true,
      idleMs: LASTING_IDLE_MS,
    },
    telling(createReply(reply, message), parts, told),
  )
  return { [Symbol.dispose]: () => exchange.abort() }
}

function telling(
  receiver: Receiver,
  { isOver }: RemoteStreamParts,
  { onOpen, onEnd }: StreamEvents,
): Receiver {
  let status = 0
  const end = (): void => onEnd(!isOver() && status !== NO_STREAM)

  return {
    onStart(answered, headers) {
      status = answered
      receiver.onStart(answered, headers)
      if (answered === 200) onOpen()
    },
    onBytes: (chunk) => receiver.onBytes(chunk),
    onEnd() {
      receiver.onEnd()
      end()
    },
    onFail(failure) {
      receiver.onFail(failure)
      end()
    },
  }
}
