import type { Log } from '../../ground/log.ts'
import type { Store } from '../../store/store.ts'
import type { Draft } from '../registry/draft.ts'
import type { PoolEvent } from './instance.ts'
import type { Registry } from '../registry/registry.ts'

export type PoolEventParts = Readonly<{
  store: Pick<Store, 'append'>
  draft: Draft
  log: Log
}>

const TYPES = {
  started: 'server.started',
  start_failed: 'server.start_failed',
  crashed: 'server.crashed',
  quarantined: 'server.quarantined',
} as const

/**
 * Records how servers live and die. It waits for nobody: an instance is no effect on the outside, and calls on it have
 * records of their own.
 */
export function recordPoolEvents(
  { store, draft, log }: PoolEventParts,
  registry: Pick<Registry, 'current'>,
): (event: PoolEvent) => void {
  return function record({ kind, key, reason }) {
    const { workspaceId, serverId, version } = key
    const definition = registry.current(workspaceId).servers.get(serverId)?.definition
    const slug = definition?.slug ?? serverId
    log[kind === 'started' ? 'info' : 'warn'](
      { server: slug, reason },
      `server ${kind.replace('_', ' ')}`,
    )
    const server = { id: serverId, alias: slug, version, hash: definition?.hash }
    const fields = { server, ...(reason !== undefined && { reason }) }
    store
      .append([draft({ type: TYPES[kind], workspaceId, target: slug, fields })])
      .catch((error: unknown) => log.error({ err: error }, 'a server event could not be recorded'))
  }
}
