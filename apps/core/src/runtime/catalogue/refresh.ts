import { CoreError, isCoreError } from '../../ground/errors.ts'
import type { Log } from '../../ground/log.ts'
import type { Scrubber } from '../../model/clearance.ts'
import type { Store } from '../../store/store.ts'
import type { Connection } from '../connection/connection.ts'
import type { Draft } from '../registry/draft.ts'
import { find } from '../registry/install.ts'
import type { InstalledServer, Registry } from '../registry/registry.ts'
import type { Timers } from '../../ground/timers.ts'
import { chunksOf, eventsOf } from './changes.ts'
import { compareCatalogue, type TakenNames } from './compare.ts'
import { drainLists, type ListedItem } from './drain.ts'

/** Runs work on a connection that belongs to the catalogue and to no caller. */
export type ConnectToList = <T>(
  server: InstalledServer,
  work: (connection: Connection, scrubber: Scrubber) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>

export type Refresher = Disposable &
  Readonly<{
    /**
     * Reads a server's lists again and keeps what changed. Callers at the same time share one reading.
     *
     * @throws CoreError `server_*`, `not_found`
     */
    refresh: (workspaceId: string, serverId: string) => Promise<void>
    /** Soon, and not more often than every few seconds, however often a server says that it changed. */
    soon: (workspaceId: string, serverId: string) => void
  }>

export type RefresherParts = Readonly<{
  store: Pick<Store, 'query' | 'command'>
  registry: Registry
  connect: ConnectToList
  draft: Draft
  log: Log
  timers: Timers
  /** Ends every reading when the runtime ends. */
  signal: AbortSignal
}>

const SOON_MS = 1000
const TRIES_MAX = 3

/** One hung or broken server delays and changes nothing of another's lists (RUN-51, MCP-116). */
export function createRefresher(parts: RefresherParts): Refresher {
  const running = new Map<string, Promise<void>>()
  const planned = new Map<string, Disposable>()

  function refresh(workspaceId: string, serverId: string): Promise<void> {
    const key = `${workspaceId} ${serverId}`
    const shared = running.get(key)
    if (shared) return shared
    const work = refreshOnce(parts, workspaceId, serverId).finally(() => running.delete(key))
    running.set(key, work)
    return work
  }

  return {
    refresh,
    soon(workspaceId, serverId) {
      const key = `${workspaceId} ${serverId}`
      if (planned.has(key)) return
      const plan = parts.timers.after(SOON_MS, () => {
        planned.delete(key)
        refresh(workspaceId, serverId).catch((error: unknown) =>
          parts.log.warn({ err: error, serverId }, 'a catalogue could not be refreshed'),
        )
      })
      planned.set(key, plan)
    },
    [Symbol.dispose]() {
      for (const plan of planned.values()) plan[Symbol.dispose]()
    },
  }
}

async function refreshOnce(
  parts: RefresherParts,
  workspaceId: string,
  serverId: string,
): Promise<void> {
  const { registry, connect, log, signal } = parts
  const server = await find(registry, workspaceId, serverId)
  const { slug, enabled, transport } = server.definition
  if (!enabled) throw new CoreError('server_disabled', { server: slug })
  const onUncallable = (tool: string, problem: string): void =>
    log.warn(
      { server: slug, tool, problem },
      'a tool is left out: its header annotations are wrong',
    )
  try {
    const { items, ttls } = await connect(
      server,
      (connection, scrubber) =>
        drainLists({ connection, scrubber, server: slug, transport, onUncallable }, signal),
      signal,
    )
    await keep(parts, server, items)
    registry.noteListTtls(workspaceId, serverId, ttls)
    registry.markDegraded(workspaceId, slug, false)
  } catch (error) {
    registry.markDegraded(workspaceId, slug, true)
    throw error
  }
}

/** Someone may review or rename in the same moment: then what is stored is read and compared again. */
async function keep(
  parts: RefresherParts,
  server: InstalledServer,
  listed: readonly ListedItem[],
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await keepOnce(parts, server, listed)
    } catch (error) {
      if (tries === TRIES_MAX || !isCoreError(error, 'conflict')) throw error
    }
  }
}

async function keepOnce(
  { store, registry, draft }: RefresherParts,
  { definition }: InstalledServer,
  listed: readonly ListedItem[],
): Promise<void> {
  const { workspaceId, id: serverId } = definition
  const { rows } = await registry.load(workspaceId)
  const known = rows.filter(({ item }) => item.serverId === serverId)
  const taken = await takenNames(store, workspaceId)
  for (const chunk of chunksOf(compareCatalogue(definition, known, listed, taken))) {
    const items = chunk.map(({ before: _before, ...item }) => item)
    const events = eventsOf(draft, definition, chunk)
    await store.command('catalogue.refresh', { workspaceId, serverId, items }, events)
  }
  await registry.load(workspaceId)
}

async function takenNames(store: Pick<Store, 'query'>, workspaceId: string): Promise<TakenNames> {
  const names = await store.query('catalogue.names', { workspaceId })
  const of = (kind: string): ReadonlySet<string> =>
    new Set(names.filter((name) => name.kind === kind).map(({ exposed }) => exposed))
  return { tool: of('tool'), prompt: of('prompt') }
}
