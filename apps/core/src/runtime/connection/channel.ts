import type { Clock } from '../../ground/clock.ts'
import { limits } from '../../ground/limits.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Connection } from './connection.ts'
import type { Correlator } from './correlator.ts'
import type { Greeting } from './handshake.ts'
import { ownRequest } from './own-request.ts'
import { refusalFrame } from './refusal-frame.ts'
import { keepOpen } from './reopen.ts'
import { LISTEN, openListen, type OpenListen } from '../subscriptions/server-listen.ts'
import { createLegacyChannel } from '../subscriptions/subscribe-legacy.ts'
import { createModernChannel } from '../subscriptions/subscribe-modern.ts'
import type { Channel } from '../subscriptions/subscriptions.ts'

export type ChannelParts = Readonly<{
  server: string
  wire: Correlator
  greeting: Greeting
  ask: Connection['ask']
  /** The stream of its session is open already. */
  hasStream: boolean
  /** What the server would have said may have been missed. */
  missed: () => void
  clock: Pick<Clock, 'nowMs'>
  timers: Pick<Timers, 'after'>
}>

const METHOD_NOT_FOUND = -32_601

/** Of a server that tells of no resource. */
export const NO_CHANNEL: Channel = {
  begin: async () => refusalFrame(METHOD_NOT_FOUND, 'Method not found'),
  end: () => undefined,
  close: () => undefined,
}

/** The way in which a server that was greeted is asked to tell of its lists and resources. */
export function openChannel(parts: ChannelParts): Channel {
  const { greeting } = parts
  const lists = listsToldOf(greeting)
  if (tellsOfResources(greeting)) return channelOf(parts, lists)
  return lists.length > 0 ? { ...channelOf(parts, lists), begin: NO_CHANNEL.begin } : NO_CHANNEL
}

function channelOf(parts: ChannelParts, lists: readonly List[]): Channel {
  const { greeting, ask } = parts
  const tellsOfLists = lists.length > 0
  if (greeting.era === 'modern') {
    const open = (uris: readonly string[]) => listen(parts, lists, uris)
    return createModernChannel({ ...parts, tellsOfLists, open })
  }
  return createLegacyChannel({
    tellsOfLists,
    ask: (method, params) => ask(method, params, limits.listMs, new AbortController().signal),
    keepStream: () => keepStream(parts),
  })
}

const LISTS = ['tools', 'prompts', 'resources'] as const
type List = (typeof LISTS)[number]

const listsToldOf = (greeting: Greeting): readonly List[] =>
  LISTS.filter((list) => declares(greeting, list, 'listChanged'))

export const tellsOfResources = (greeting: Greeting): boolean =>
  declares(greeting, 'resources', 'subscribe')

function declares({ capabilities }: Greeting, feature: List, detail: string): boolean {
  const declared = capabilities[feature]
  return typeof declared === 'object' && declared !== null && Reflect.get(declared, detail) === true
}

/** Over stdio everything comes by itself. */
function keepStream({ wire, hasStream, missed, clock, timers }: ChannelParts): Disposable {
  const { openStream } = wire
  if (!openStream || hasStream) return { [Symbol.dispose]: () => undefined }
  return keepOpen({ open: openStream, missed, clock, timers })
}

function listen(
  { wire, server, greeting }: ChannelParts,
  lists: readonly List[],
  uris: readonly string[],
): Promise<OpenListen> {
  const notifications = {
    ...Object.fromEntries(lists.map((list) => [`${list}ListChanged`, true])),
    ...(uris.length > 0 && { resourceSubscriptions: uris }),
  }
  const params = { notifications }
  const { target, ...request } = ownRequest(greeting, LISTEN, params, Number.POSITIVE_INFINITY)
  return openListen({
    wire,
    server,
    request: { ...request, target: { ...target, isLasting: true } },
  })
}
