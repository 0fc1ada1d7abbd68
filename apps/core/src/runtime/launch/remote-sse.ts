import type { Door } from '../../egress/egress.ts'
import type { Exchange, ExchangeFailure, Receiver } from '../../egress/exchange.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import type { Credential } from '../../model/clearance.ts'
import { createSseDecoder, type SseEvent } from '../../protocol/sse.ts'
import { assertBound, fixedHeaders, messageHeaders } from './remote-headers.ts'
import { lostByFailure, lostByStatus } from './remote-loss.ts'
import type { OpenWire, Outbound, Wire, WireEnd, WireEvents } from './wire.ts'

export type RemoteSseLaunch = Readonly<{
  server: string
  url: string
  openDoor: (url: string) => Door
  credentials: readonly Credential[]
}>

/** A server that says nothing for so long, not even a comment, is taken for gone. */
const STREAM_IDLE_MS = 15 * 60_000

/**
 * The transport of 2024-11-05: one stream that brings everything, and says first where everything is to be sent
 * (MCP-50). That is at the server's own origin, or nothing is sent at all.
 *
 * @throws CoreError `secret_binding_mismatch` when a credential is not meant for this host
 */
export function prepareRemoteSse(launch: RemoteSseLaunch): OpenWire {
  const door = launch.openDoor(launch.url)
  assertBound(launch.credentials, door.origin)
  const fixed = fixedHeaders(launch.credentials)
  return (events) => openSse({ ...launch, door, fixed }, events)
}

type Parts = RemoteSseLaunch & Readonly<{ door: Door; fixed: readonly string[] }>

function openSse(parts: Parts, events: WireEvents): Wire {
  const { server, door, fixed } = parts
  const posts = new Set<Exchange>()
  /** What is to be sent before it is known where to. */
  let waiting: readonly Outbound[] = []
  let messages: Door | undefined
  let isOver = false

  function end(reason: WireEnd['reason']): void {
    if (isOver) return
    isOver = true
    stream.abort()
    for (const exchange of posts) exchange.abort()
    events.onEnd({ reason })
  }

  function take({ type = 'message', data }: SseEvent): void {
    if (type === 'message') events.onMessage(data)
    if (type !== 'endpoint' || messages) return
    messages = doorTo(parts, data.toString('utf8'))
    if (!messages) return end('garbage')
    for (const message of waiting) post(messages, message)
    waiting = []
  }

  function post(to: Door, message: Outbound): void {
    const over = (): void => void posts.delete(exchange)
    const exchange = to.exchange(
      {
        method: 'POST',
        headers: fixed.concat(messageHeaders(message, {})),
        body: message.bytes,
        responseBytesMax: limits.resultBytesMax,
        idleMs: limits.callIdleMs,
      },
      createTaken(server, message, events, over),
    )
    posts.add(exchange)
  }

  const stream = door.exchange(streamRequest(fixed), createStreamReader(take, end))
  const stop = async (): Promise<void> => end('stopped')
  return {
    kind: 'http',
    send(message) {
      if (isOver) throw new CoreError('server_unavailable', { server })
      if (messages) post(messages, message)
      else waiting = [...waiting, message]
    },
    // Whoever waits no more says so by a message; the stream is everyone's.
    abandon: () => undefined,
    stop,
    kill: stop,
  }
}

const streamRequest = (fixed: readonly string[]) =>
  ({
    method: 'GET',
    headers: fixed,
    // As long as its session; each event has its own bound.
    responseBytesMax: Number.MAX_SAFE_INTEGER,
    isLasting: true,
    idleMs: STREAM_IDLE_MS,
  }) as const

/** Undefined for an address of another origin: credentials go nowhere else. */
function doorTo({ url, openDoor, door }: Parts, reference: string): Door | undefined {
  if (!URL.canParse(reference, url)) return undefined
  const address = new URL(reference, url)
  return address.origin === door.origin ? openDoor(address.href) : undefined
}

function createStreamReader(
  take: (event: SseEvent) => void,
  end: (reason: WireEnd['reason']) => void,
): Receiver {
  const decoder = createSseDecoder(limits.resultBytesMax)
  const lost = (): void => end('session_lost')

  return {
    onStart(status, headers) {
      const isStream = /^text\/event-stream\s*(;|$)/i.test(String(headers['content-type']))
      if (status !== 200 || !isStream) lost()
    },
    onBytes(chunk) {
      try {
        for (const event of decoder.push(chunk)) take(event)
      } catch {
        // An event beyond every bound; what follows it cannot be told apart.
        end('line_too_long')
      }
    },
    onEnd: lost,
    onFail: lost,
  }
}

/** A message is only taken by its POST; what comes of it comes on the stream. */
// oxlint-disable-next-line max-params -- private: whose it is, and who is told
function createTaken(
  server: string,
  { hopId }: Outbound,
  { onLost }: WireEvents,
  over: () => void,
): Receiver {
  let status = 0

  return {
    onStart: (answered) => void (status = answered),
    onBytes: () => undefined,
    onEnd() {
      over()
      if (status >= 300 && hopId !== undefined) {
        onLost(hopId, () => lostByStatus(server, status, undefined))
      }
    },
    onFail(failure: ExchangeFailure) {
      over()
      if (hopId !== undefined) onLost(hopId, () => lostByFailure(server, failure))
    },
  }
}
