import type { Clock } from '../ground/clock.ts'
import type { ConnectClearance, CredentialSet } from '../model/clearance.ts'
import type { Principal } from '../model/principal.ts'
import type { Ask } from '../model/question.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { ConnectToList } from './catalogue/refresh.ts'
import type { Connection } from './connection.ts'
import type { EraMemory } from './era-memory.ts'
import { connectClearance } from './install.ts'
import type { InstanceKey, InstanceTerms } from './instance.ts'
import { createLanes } from './lanes.ts'
import type { Launch } from './launcher.ts'
import type { ServerLogs } from './logs.ts'
import type { Pool } from './pool.ts'

export type ConnectParts = Readonly<{
  pool: Pick<Pool, 'use'>
  launch: Launch
  eras: EraMemory
  logs: ServerLogs
  clock: Clock
  connectCredentials: (clearance: ConnectClearance) => Promise<CredentialSet>
  onListChanged: (workspaceId: string, serverId: string) => void
}>

/** Runs a call's work on a connection that this principal may use. */
export type ConnectToCall = <T>(
  target: Readonly<{
    definition: ServerDefinition
    credentials: CredentialSet
    principal: Principal
    /** What the client of the call can be asked for. */
    asks: readonly Ask[]
  }>,
  work: (connection: Connection) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>

/** Sessions of one principal with one server over which calls that can be asked are spread (MCP-65). */
const LANES = 4

/**
 * Chooses the pool key of a call. A session of the older generation belongs to one principal, and was told once what
 * its client can be asked for; everything else, where each message stands for itself, is shared (MCP-56). Over stdio
 * nothing but being alone says which call a question belongs to.
 */
export function createConnectToCall(parts: ConnectParts): ConnectToCall {
  const lanes = createLanes(LANES)

  return async function connectToCall(target, work, signal) {
    const { definition, credentials, principal } = target
    const shared = keyOf(definition, credentials)
    const isProcess = definition.launch.kind === 'stdio'
    const asks = [...target.asks]
    const terms = termsOf(parts, definition, { credentials, asks })
    if (isProcess && asks.length === 0) return parts.pool.use(shared, terms, work, signal)
    const era =
      parts.eras.get(definition, credentials) ??
      (await parts.pool.use(shared, plain(terms), async ({ greeting }) => greeting.era, signal))
    if (era === 'modern') return parts.pool.use(shared, plain(terms), work, signal)
    const own = { ...shared, principal: principalKey(principal), asks: asks.join(',') }
    if (!isProcess) return parts.pool.use(own, terms, work, signal)
    const key = `${own.serverId} ${own.principal} ${own.asks}`
    return lanes.use(key, (lane) =>
      parts.pool.use({ ...own, lane }, { ...terms, inFlightMax: 1 }, work, signal),
    )
  }
}

/** Shared connections are told of nobody's abilities. */
const plain = (terms: CallTerms): InstanceTerms => ({
  ...terms,
  start: (signal) => terms.startFor([], signal),
})

export function createConnectToList(parts: ConnectParts): ConnectToList {
  return async function connectToList(server, work, signal) {
    const { definition } = server
    const credentials = await parts.connectCredentials(connectClearance(server))
    const terms = termsOf(parts, definition, { credentials, asks: [] })
    return parts.pool.use(
      keyOf(definition, credentials),
      terms,
      (connection) => work(connection, credentials.scrubber),
      signal,
    )
  }
}

const keyOf = (definition: ServerDefinition, { version }: CredentialSet): InstanceKey => ({
  workspaceId: definition.workspaceId,
  serverId: definition.id,
  version: definition.version,
  credentialVersion: version,
  principal: '',
  asks: '',
  lane: 0,
})

const principalKey = ({ agent, user }: Principal): string => `${agent.id} ${user?.id ?? ''}`

type CallTerms = InstanceTerms &
  Readonly<{ startFor: (asks: readonly Ask[], signal: AbortSignal) => Promise<Connection> }>

function termsOf(
  { launch, eras, logs, onListChanged }: ConnectParts,
  definition: ServerDefinition,
  { credentials, asks }: Readonly<{ credentials: CredentialSet; asks: readonly Ask[] }>,
): CallTerms {
  const { workspaceId, id: serverId, inFlightMax, idleStopMs, slug: server } = definition

  async function startFor(told: readonly Ask[], signal: AbortSignal): Promise<Connection> {
    const era = eras.get(definition, credentials)
    const log = logs.open(workspaceId, serverId, credentials.scrubber)
    const request = {
      definition,
      credentials,
      log,
      asks: told,
      onListChanged: () => onListChanged(workspaceId, serverId),
      ...(era && { era }),
    }
    const connection = await launch(request, signal)
    eras.set(definition, credentials, connection.greeting.era)
    return connection
  }

  return {
    server,
    inFlightMax,
    idleStopMs,
    startFor,
    start: (signal) => startFor(asks, signal),
  }
}
