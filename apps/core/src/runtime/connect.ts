import type { Clock } from '../ground/clock.ts'
import type { ConnectClearance, CredentialSet } from '../model/clearance.ts'
import type { Principal } from '../model/principal.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { ConnectToList } from './catalogue/refresh.ts'
import type { Connection } from './connection.ts'
import type { EraMemory } from './era-memory.ts'
import { connectClearance } from './install.ts'
import type { InstanceKey, InstanceTerms } from './instance.ts'
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
  }>,
  work: (connection: Connection) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>

/**
 * Chooses the pool key of a call. A session of the older generation belongs to one principal; everything else, where
 * each message stands for itself, is shared (MCP-56).
 */
export function createConnectToCall(parts: ConnectParts): ConnectToCall {
  return async function connectToCall({ definition, credentials, principal }, work, signal) {
    const shared = keyOf(definition, credentials)
    const terms = termsOf(parts, definition, credentials)
    if (definition.launch.kind === 'stdio') return parts.pool.use(shared, terms, work, signal)
    const era =
      parts.eras.get(definition, credentials) ??
      (await parts.pool.use(shared, terms, async ({ greeting }) => greeting.era, signal))
    const key = era === 'modern' ? shared : { ...shared, principal: principalKey(principal) }
    return parts.pool.use(key, terms, work, signal)
  }
}

export function createConnectToList(parts: ConnectParts): ConnectToList {
  return async function connectToList(server, work, signal) {
    const { definition } = server
    const credentials = await parts.connectCredentials(connectClearance(server))
    const terms = termsOf(parts, definition, credentials)
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
})

const principalKey = ({ agent, user }: Principal): string => `${agent.id} ${user?.id ?? ''}`

function termsOf(
  { launch, eras, logs, onListChanged }: ConnectParts,
  definition: ServerDefinition,
  credentials: CredentialSet,
): InstanceTerms {
  const { workspaceId, id: serverId, inFlightMax, idleStopMs, slug: server } = definition
  return {
    server,
    inFlightMax,
    idleStopMs,
    async start(signal) {
      const era = eras.get(definition, credentials)
      const log = logs.open(workspaceId, serverId, credentials.scrubber)
      const request = {
        definition,
        credentials,
        log,
        onListChanged: () => onListChanged(workspaceId, serverId),
        ...(era && { era }),
      }
      const connection = await launch(request, signal)
      eras.set(definition, credentials, connection.greeting.era)
      return connection
    },
  }
}
