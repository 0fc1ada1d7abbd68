import type { Door } from '../../egress/egress.ts'
import type { Receiver } from '../../egress/exchange.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Credential } from '../../model/clearance.ts'
import { assertBound, fixedHeaders, messageHeaders, type SessionHeaders } from './remote-headers.ts'
import type { ReplyParts } from './remote-reply.ts'
import {
  postMessage,
  resumeLater,
  type ExchangeParts,
  type OpenExchanges,
} from './remote-exchanges.ts'
import { createOpenStream, STREAM_BYTES_MAX } from './remote-stream.ts'
import { createSession } from './remote-session.ts'
import type { OpenWire, Outbound, Wire, WireEnd, WireEvents } from './wire.ts'

export type RemoteLaunch = Readonly<{
  server: string
  door: Door
  credentials: readonly Credential[]
  timers: Pick<Timers, 'after'>
}>

/**
 * Streamable HTTP in both eras: every message is a POST of its own, and the answer comes back on it, as JSON or as a
 * stream of events. A legacy session lives as long as the wire (MCP-54, MCP-56).
 *
 * @throws CoreError `secret_binding_mismatch` when a credential is not meant for this host
 */
export function prepareRemote(launch: RemoteLaunch): OpenWire {
  assertBound(launch.credentials, launch.door.origin)
  const fixed = fixedHeaders(launch.credentials)
  return (events) => openRemote(launch, fixed, events)
}

function openRemote(launch: RemoteLaunch, fixed: readonly string[], events: WireEvents): Wire {
  const { door, server, timers } = launch
  const open: OpenExchanges = new Map()
  const session = createSession()
  let isOver = false

  function end(reason: WireEnd['reason']): void {
    if (isOver) return
    isOver = true
    for (const exchange of open.values()) exchange.abort()
    if (session.headers().id !== undefined && reason === 'stopped') {
      forgetSession(door, fixed, session.headers())
    }
    events.onEnd({ reason })
  }

  const reply: ReplyParts = {
    server,
    events,
    session,
    onOver: ({ hopId }) => hopId !== undefined && open.delete(hopId),
    onBreak: (message, mark) => resumeLater(parts, message, mark),
    onEnough: ({ hopId }) => hopId !== undefined && abandon(hopId),
    onSessionLost: () => end('session_lost'),
  }
  const parts: ExchangeParts = { door, fixed, timers, open, reply }

  function send(message: Outbound): void {
    if (isOver) throw new CoreError('server_unavailable', { server })
    session.noteVersion(message)
    postMessage(parts, message)
  }

  function abandon(hopId: number): void {
    const exchange = open.get(hopId)
    open.delete(hopId)
    exchange?.abort()
  }

  const stop = async (): Promise<void> => end('stopped')

  return {
    kind: 'http',
    send,
    openStream: createOpenStream({ door, fixed, reply, isOver: () => isOver }),
    abandon,
    stop,
    kill: stop,
  }
}

/** A courtesy; servers also forget by themselves. */
function forgetSession(door: Door, fixed: readonly string[], session: SessionHeaders): void {
  const ignore: Receiver = { onStart() {}, onBytes() {}, onEnd() {}, onFail() {} }
  const message = { bytes: Buffer.alloc(0), method: 'DELETE', era: 'legacy' } as const
  door.exchange(
    {
      method: 'DELETE',
      headers: [...fixed, ...messageHeaders(message, session)],
      responseBytesMax: STREAM_BYTES_MAX,
      idleMs: limits.connectMs,
    },
    ignore,
  )
}
