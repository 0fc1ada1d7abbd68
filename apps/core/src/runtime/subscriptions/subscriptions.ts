import type { ServerFrame } from '../../model/frame.ts'
import { waitOrAbort } from '../../ground/abort.ts'
import { readValue } from '../../protocol/members.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'

/** Someone who is told of one resource. */
export type Subscriber = Readonly<{
  /** A `notifications/resources/updated` of the server. */
  updated: (frame: ServerFrame) => void
  /** Nothing more is told: the connection is gone. */
  lost: () => void
}>

/** How a server is asked to tell of resources, in the way of its era. */
export type Channel = Readonly<{
  /** Resolves once the server tells of the resource, or with its refusal. */
  begin: (uri: string) => Promise<ServerFrame | undefined>
  end: (uri: string) => void
  /** The connection is gone. */
  close: () => void
}>

/** Resources that one connection was asked to tell of: each once, however many want to know (MCP-126). */
export type Subscriptions = Readonly<{
  /** Resolves as `Channel.begin`; the subscriber is told until `signal` aborts. */
  add: (
    uri: string,
    subscriber: Subscriber,
    signal: AbortSignal,
  ) => Promise<ServerFrame | undefined>
  isEmpty: () => boolean
  /** Takes a `notifications/resources/updated` to those whom it is for. */
  take: (frame: ServerFrame) => void
  /** Nobody knows what happened meanwhile, so everything counts as changed. */
  missed: () => void
  /** The connection is gone. */
  lose: () => void
}>

type Held = Readonly<{
  subscribers: Set<Subscriber>
  begun: Promise<ServerFrame | undefined>
}>

export function createSubscriptions(channel: () => Channel): Subscriptions {
  const held = new Map<string, Held>()

  function begin(uri: string): Held {
    const made = { subscribers: new Set<Subscriber>(), begun: channel().begin(uri) }
    held.set(uri, made)
    return made
  }

  function leave(uri: string, { subscribers, begun }: Held, subscriber: Subscriber): void {
    const isLastOut = subscribers.delete(subscriber) && subscribers.size === 0
    if (!isLastOut || held.get(uri)?.subscribers !== subscribers) return
    held.delete(uri)
    begun.then(
      (refusal) => refusal ?? channel().end(uri),
      () => undefined,
    )
  }

  return {
    async add(uri, subscriber, signal) {
      const known = held.get(uri) ?? begin(uri)
      known.subscribers.add(subscriber)
      const out = (): void => leave(uri, known, subscriber)
      signal.addEventListener('abort', out, { once: true })
      try {
        const refusal = await waitOrAbort(known.begun, signal, 'server:subscribe')
        if (refusal) out()
        return refusal
      } catch (error) {
        out()
        throw error
      }
    },
    isEmpty: () => held.size === 0,
    take(frame) {
      const uri = frame.spans.uri && readValue(frame.bytes, frame.spans.uri)
      if (typeof uri !== 'string') return
      for (const one of aboutOf(held, uri)) tell(one, frame)
    },
    missed() {
      for (const [uri, one] of held) tell(one, updatedFrame(uri))
    },
    lose() {
      const all = [...held.values()]
      held.clear()
      channel().close()
      for (const { subscribers } of all) for (const { lost } of subscribers) lost()
    },
  }
}

function tell({ subscribers }: Held, frame: ServerFrame): void {
  for (const { updated } of subscribers) updated(frame)
}

/** A server may name a part of what was subscribed to. */
function aboutOf(held: ReadonlyMap<string, Held>, uri: string): readonly Held[] {
  const exact = held.get(uri)
  if (exact) return [exact]
  const whole = [...held].filter(([own]) => uri.startsWith(own.endsWith('/') ? own : `${own}/`))
  return whole.map(([, one]) => one)
}

const updatedFrame = (uri: string): ServerFrame => {
  const method = 'notifications/resources/updated'
  return readServerFrame(Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params: { uri } })))
}
