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
const NOT_FOUND = 404

/** Opens the stream of a session for what no request caused. */
export function createOpenStream(parts: RemoteStreamParts): (told: StreamEvents) => Disposable {
  let wasOpen = false
  /** A server that knows no such address is not one that forgot the session it has just begun. */
  const isOffered = (status: number): boolean =>
    status !== NO_STREAM && (status !== NOT_FOUND || wasOpen)

  return function openStream({ onOpen, onEnd }) {
    const told = {
      isOffered,
      onEnd,
      onOpen() {
        wasOpen = true
        onOpen()
      },
    }
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
}

function telling(
  receiver: Receiver,
  { isOver }: RemoteStreamParts,
  told: StreamEvents & Readonly<{ isOffered: (status: number) => boolean }>,
): Receiver {
  let status = 0
  const end = (): void => told.onEnd(!isOver() && told.isOffered(status))

  return {
    onStart(answered, headers) {
      status = answered
      receiver.onStart(answered, headers)
      if (answered === 200) told.onOpen()
    },
    onBytes: (chunk) => receiver.onBytes(chunk),
    onEnd() {
      if (told.isOffered(status)) receiver.onEnd()
      end()
    },
    onFail(failure) {
      receiver.onFail(failure)
      end()
    },
  }
}
