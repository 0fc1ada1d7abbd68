import { facts } from '../print.ts'
import type { Server } from './server-of.ts'

/** A server as a person reads it, without what only programs need. */
export const serverText = (server: Server): string =>
  facts([
    ['server', server.title === server.slug ? server.slug : `${server.slug} (${server.title})`],
    [
      'state',
      server.enabled ? server.state : `${server.state}; enable: peta server enable ${server.slug}`,
    ],
    ...launchFacts(server),
    ['labels', server.labels.join(', ') || 'none'],
    ['items', itemsText(server)],
    [
      'limits',
      `${server.inFlightMax} calls at once; stops after ${server.idleStopMinutes} idle minutes`,
    ],
    ...settingFacts(server),
    ['definition', `version ${server.version}, SHA-256 ${server.hash}`],
    ['id', server.id],
  ])

function launchFacts({ launch }: Server): readonly (readonly [string, string])[] {
  if (launch.kind === 'http') {
    return [['address', `${launch.url}${launch.allowLoopback ? ' (loopback allowed)' : ''}`]]
  }
  const env = Object.entries(launch.env).map(
    ([name, value]) => ['env', `${name}=${value}`] as const,
  )
  const folder = launch.cwd === undefined ? [] : ([['folder', launch.cwd]] as const)
  return [['command', [launch.command, ...launch.args].map(quoted).join(' ')], ...folder, ...env]
}

const settingFacts = ({ roots = [], relaysBaggage, probeUnsafe }: Server) => [
  ...roots.map(({ uri }) => ['root', uri] as const),
  ...(relaysBaggage ? [['trusted with', 'the baggage of traces'] as const] : []),
  ...(probeUnsafe ? [['first asked', 'on a process of its own'] as const] : []),
]

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)

const itemsText = ({ slug, items }: Server): string =>
  `${items.accepted} accepted, ${items.quarantined} new, ${items.changed} changed: peta server items ${slug}`
