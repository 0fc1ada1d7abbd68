import type { Clock } from '../ground/clock.ts'
import { limits } from '../ground/limits.ts'
import type { Timers } from '../ground/timers.ts'
import type { Connection } from './connection.ts'
import type { Correlator } from './correlator.ts'
import type { Greeting } from './handshake.ts'
import { ownRequest } from './own-request.ts'
import { refusalFrame } from './refusal-frame.ts'
import { keepOpen } from './reopen.ts'
import { LISTEN, openListen } from './server-listen.ts'
import { createLegacyChannel } from './subscribe-legacy.ts'
import { createModernChannel } from './subscribe-modern.ts'
import type { Channel } from './subscriptions.ts'

export type ChannelParts = Readonly<{
  server: string
  wire: Correlator
  greeting: Greeting
  ask: Connection['ask']
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

/** The way in which a server that was greeted is asked to tell of its resources. */
export function openChannel(parts: ChannelParts): Channel {
  const { greeting, ask, clock, timers, missed } = parts
  if (!tellsOfResources(greeting)) return NO_CHANNEL
  if (greeting.era === 'modern') {
    return createModernChannel({ open: (uris) => listen(parts, uris), missed, clock, timers })
  }
  return createLegacyChannel({
    ask: (method, params) => ask(method, params, limits.listMs, new AbortController().signal),
    keepStream: () => keepStream(parts),
  })
}

/** It declared so in its greeting. */
export function tellsOfResources({ capabilities }: Greeting): boolean {
  const { resources } = capabilities
  return (
    typeof resources === 'object' &&
    resources !== null &&
    Reflect.get(resources, 'subscribe') === true
  )
}

/** Over stdio everything comes by itself. */
function keepStream({ wire, missed, clock, timers }: ChannelParts): Disposable {
  const { openStream } = wire
  if (!openStream) return { [Symbol.dispose]: () => undefined }
  return keepOpen({ open: openStream, missed, clock, timers })
}

/** With all lists: whoever hears of a change then need not ask (MCP-126). */
function listen({ wire, server, greeting }: ChannelParts, uris: readonly string[]) {
  const { target, ...request } = ownRequest(
    greeting,
    LISTEN,
    {
      notifications: {
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
        resourceSubscriptions: uris,
      },
    },
    Number.POSITIVE_INFINITY,
  )
  return openListen({
    wire,
    server,
    request: { ...request, target: { ...target, isLasting: true } },
  })
}
