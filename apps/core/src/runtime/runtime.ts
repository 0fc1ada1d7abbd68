import type { Egress } from '../egress/egress.ts'
import type { Clock } from '../ground/clock.ts'
import type { NewId } from '../ground/ids.ts'
import type { Log } from '../ground/log.ts'
import type { CatalogueSnapshot } from '../model/catalogue.ts'
import type { ConnectClearance, CredentialSet } from '../model/clearance.ts'
import type { Person } from '../model/principal.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { Store } from '../store/store.ts'
import { createRefresher } from './catalogue/refresh.ts'
import { tellsOfResources } from './connection/channel.ts'
import {
  createConnectToCall,
  createConnectToList,
  type ConnectParts,
} from './connection/connect.ts'
import type { DefinitionInput } from './registry/definition.ts'
import type { Draft } from './registry/draft.ts'
import { createEraMemory } from './connection/era-memory.ts'
import { createInstaller, type ServerState } from './registry/install.ts'
import type { InstanceStatus } from './pool/instance.ts'
import { findLimiter, type LimitStrength } from './launch/command-line.ts'
import { createExecutables, type Executables } from './launch/executable.ts'
import { killMarked } from './launch/orphans.ts'
import type { LogLine } from './launch/server-log.ts'
import { launchAnew } from './pool/launch-anew.ts'
import { launchOlder } from './connection/launch-older.ts'
import { createLauncher } from './pool/launcher.ts'
import { createServerLogs } from './pool/logs.ts'
import { createNews } from './news.ts'
import { createPool } from './pool/pool.ts'
import { recordPoolEvents } from './pool/pool-events.ts'
import { createRegistry, type CatalogueRow, type WorkspaceServers } from './registry/registry.ts'
import { createReviewer, type Acceptance, type ItemRef } from './registry/review.ts'
import { createRun, type BeforeSend, type Run } from './run.ts'
import type { Timers } from '../ground/timers.ts'

export type RuntimeParts = Readonly<{
  store: Pick<Store, 'query' | 'command' | 'housekeep' | 'append' | 'hints'>
  clock: Clock
  timers: Timers
  random: () => number
  newId: NewId
  draft: Draft
  log: Log
  egress: Pick<Egress, 'open'>
  /** Shared digests of commands; made anew where absent. */
  executables?: Executables
  connectCredentials: (clearance: ConnectClearance) => Promise<CredentialSet>
  beforeSend: BeforeSend
  /** Stays the same over restarts; `bootId` does not. Together they say whose a child process is (RUN-67). */
  gatewayId: string
  bootId: string
  /** How long an old server on stdio may stay silent on a modern first message (MCP-52). */
  probeMs?: number
}>

export type ServerStatus = Readonly<{
  instances: readonly InstanceStatus[]
  /** What stops a child process from taking all memory; `weak` where only per-process limits hold. */
  memoryLimit: LimitStrength
  degraded: boolean
}>

/** Servers: what is installed, what they offer, and the calls that run on them. */
export type Runtime = AsyncDisposable &
  Readonly<{
    /** Reads a workspace's servers into memory; before it, the workspace offers nothing. */
    load: (workspaceId: string) => Promise<void>
    catalogue: (workspaceId: string) => CatalogueSnapshot
    /** Grows when a server says that a list or a resource of it changed. */
    newsOf: (workspaceId: string, serverId: string) => number
    onCatalogueChange: (listener: (workspaceId: string) => void) => Disposable
    /** Told when a server says that a visit which it had asked for is done. */
    onElicited: (listener: ElicitedListener) => void
    servers: (workspaceId: string) => readonly ServerDefinition[]
    /** One of them; asked at every call. */
    server: (workspaceId: string, serverId: string) => ServerDefinition | undefined
    /** Entries of one server in every state, with what was accepted of each. */
    items: (workspaceId: string, serverId: string) => readonly CatalogueRow[]
    run: Run

    install: (
      person: Person,
      input: DefinitionInput,
      enabled?: boolean,
    ) => Promise<ServerDefinition>
    update: (person: Person, serverId: string, input: DefinitionInput) => Promise<ServerDefinition>
    enable: (person: Person, serverId: string) => Promise<void>
    disable: (person: Person, serverId: string) => Promise<void>
    remove: (person: Person, serverId: string) => Promise<void>
    refresh: (workspaceId: string, serverId: string) => Promise<void>
    accept: (person: Person, serverId: string, acceptance: Acceptance) => Promise<number>
    reject: (person: Person, serverId: string, items: readonly ItemRef[]) => Promise<number>

    status: (workspaceId: string, serverId: string) => ServerStatus
    logs: (workspaceId: string, serverId: string) => readonly LogLine[]
  }>

const PROBE_MS = 3000
const SWEEP_MS = 5 * 60_000
const DRAIN_MS = 20_000

/** Ends what an earlier boot of this gateway left running, then stands ready. Starts no server by itself (RUN-42). */
export async function createRuntime(parts: RuntimeParts): Promise<Runtime> {
  await sweepOrphans(parts)
  const built = buildParts(parts)
  const { registry, pool, logs, refresher, reviewer } = built
  const sweep = parts.timers.every(SWEEP_MS, () => void sweepOrphans(parts))
  const hints = watchStore(parts, registry)

  return {
    load: async (workspaceId) =>
      void (await Promise.all([registry.load(workspaceId), built.eras.load(workspaceId)])),
    catalogue: (workspaceId) => registry.current(workspaceId).snapshot,
    newsOf: built.news.of,
    onCatalogueChange: registry.onChange,
    onElicited: (listener) => void built.elicited.add(listener),
    servers: (workspaceId) => definitions(registry.current(workspaceId)),
    server: (workspaceId, serverId) =>
      registry.current(workspaceId).servers.get(serverId)?.definition,
    items: (workspaceId, serverId) =>
      registry.current(workspaceId).rows.filter(({ item }) => item.serverId === serverId),
    run: createRun({
      ...parts,
      ...built,
      connect: createConnectToCall(built.connecting),
      doubtEra: doubtEra(built),
      refresh: refresher.refresh,
      onUpdated: built.news.note,
    }),
    ...administration(built),
    refresh: refresher.refresh,
    accept: reviewer.accept,
    reject: reviewer.reject,
    status: (workspaceId, serverId) => ({
      instances: pool.status(workspaceId, serverId),
      memoryLimit: built.limiter ? 'weak' : 'none',
      degraded: isDegraded(registry.current(workspaceId), serverId),
    }),
    logs: logs.lines,
    async [Symbol.asyncDispose]() {
      hints[Symbol.dispose]()
      sweep[Symbol.dispose]()
      refresher[Symbol.dispose]()
      built.ending.abort()
      await pool[Symbol.asyncDispose]()
    },
  }
}

function buildParts(parts: RuntimeParts) {
  const { store, clock, log } = parts
  const ending = new AbortController()
  const registry = createRegistry({ store, log })
  const limiter = findLimiter()
  const logs = createServerLogs(clock.nowMs)
  const eras = createEraMemory({ store, clock, log })
  const executables = parts.executables ?? createExecutables()
  const pool = createPool({ ...parts, onEvent: recordPoolEvents(parts, registry) })
  const probeMs = parts.probeMs ?? PROBE_MS
  const launch = launchAnew(
    launchOlder(createLauncher({ ...parts, executables, limiter, probeMs })),
  )
  const news = createNews()
  const onListChanged: ConnectParts['onListChanged'] = (workspaceId, serverId) => {
    news.note(workspaceId, serverId)
    refresher.soon(workspaceId, serverId)
  }
  const elicited = new Set<ElicitedListener>()
  const onElicited: ElicitedListener = (serverId, elicitationId) => {
    for (const listener of elicited) listener(serverId, elicitationId)
  }
  const onGreeting: ConnectParts['onGreeting'] = (workspaceId, serverId, greeting) =>
    registry.noteSubscribable(workspaceId, serverId, tellsOfResources(greeting))
  const told = { onListChanged, onElicited, onGreeting }
  const connecting = { ...parts, pool, launch, eras, logs, ...told }
  const connect = createConnectToList(connecting)
  const refresher = createRefresher({ ...parts, registry, connect, signal: ending.signal })
  const installer = createInstaller({ ...parts, registry, executables })
  const reviewer = createReviewer({ ...parts, registry })
  const acting = { refresher, installer, reviewer }
  return { ending, registry, limiter, logs, eras, pool, connecting, elicited, news, ...acting }
}

type ElicitedListener = ConnectParts['onElicited']

type Administration = Pick<Runtime, 'install' | 'update' | 'enable' | 'disable' | 'remove'>

/** Acts on a server end what runs of it: the next call starts what is installed then (RUN-58). */
function administration({
  installer,
  pool,
  eras,
}: Pick<ReturnType<typeof buildParts>, 'installer' | 'pool' | 'eras'>): Administration {
  async function setState(person: Person, serverId: string, state: ServerState): Promise<void> {
    await installer.setState(person, serverId, state)
    await pool.retire(person.workspaceId, serverId, 0)
    eras.forget(person.workspaceId, serverId)
  }

  return {
    install: (person, input, enabled = true) => installer.install(person, input, enabled),
    async update(person, serverId, input) {
      const changed = await installer.update(person, serverId, input)
      // The new version starts beside the old one, which finishes what it began (RUN-57).
      void pool.retire(person.workspaceId, serverId, DRAIN_MS)
      return changed
    },
    enable: (person, serverId) => setState(person, serverId, 'enabled'),
    disable: (person, serverId) => setState(person, serverId, 'disabled'),
    remove: (person, serverId) => setState(person, serverId, 'removed'),
  }
}

/** Its connections were greeted in the wrong way, so they go too; what else runs on them may end. */
const doubtEra =
  ({ eras, pool }: Pick<ReturnType<typeof buildParts>, 'eras' | 'pool'>) =>
  (workspaceId: string, serverId: string): void => {
    eras.forget(workspaceId, serverId)
    void pool.retire(workspaceId, serverId, DRAIN_MS)
  }

const definitions = ({ servers }: WorkspaceServers): readonly ServerDefinition[] =>
  [...servers.values()].map(({ definition }) => definition)

function isDegraded({ servers, snapshot }: WorkspaceServers, serverId: string): boolean {
  const slug = servers.get(serverId)?.definition.slug
  return slug !== undefined && snapshot.degraded.includes(slug)
}

/** Of this gateway, and of another boot of it: nobody is left to serve (RUN-67). */
async function sweepOrphans({ gatewayId, bootId, log }: RuntimeParts): Promise<void> {
  const killed = await killMarked((marker) => {
    const [gateway, boot] = marker.split('/')
    return gateway === gatewayId && boot !== bootId
  })
  if (killed > 0) log.warn({ killed }, 'ended processes of an earlier start')
}

/** Another process may have changed what this one holds in memory. */
function watchStore(
  { store, log }: RuntimeParts,
  registry: ReturnType<typeof createRegistry>,
): Disposable {
  return store.hints.on('server', () => {
    for (const workspaceId of registry.workspaces()) {
      registry
        .load(workspaceId)
        .catch((error: unknown) =>
          log.error({ err: error }, 'the servers of a workspace could not be read'),
        )
    }
  })
}
