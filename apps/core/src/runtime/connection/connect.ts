import type { Clock } from '../../ground/clock.ts'
import type { ConnectClearance, CredentialSet } from '../../model/clearance.ts'
import type { Principal } from '../../model/principal.ts'
import type { Ask } from '../../model/question.ts'
import type { Era } from '../../model/frame.ts'
import type { ServerDefinition } from '../../model/server.ts'
import type { ConnectToList } from '../catalogue/refresh.ts'
import type { Connection } from './connection.ts'
import type { EraMemory } from './era-memory.ts'
import type { Greeting } from './handshake.ts'
import { withFixedRoots } from './fixed-roots.ts'
import { connectClearance } from '../registry/install.ts'
import { createPlace, type InstanceKey, type InstanceTerms, type Place } from '../pool/instance.ts'
import { createLanes } from '../pool/lanes.ts'
import type { Launch } from '../pool/launcher.ts'
import type { ServerLogs } from '../pool/logs.ts'
import type { Pool } from '../pool/pool.ts'

export type ConnectParts = Readonly<{
  pool: Pick<Pool, 'use'>
  launch: Launch
  eras: EraMemory
  logs: ServerLogs
  clock: Clock
  connectCredentials: (clearance: ConnectClearance) => Promise<CredentialSet>
  onListChanged: (workspaceId: string, serverId: string) => void
  onElicited: (serverId: string, elicitationId: string) => void
  onGreeting: (workspaceId: string, serverId: string, greeting: Greeting) => void
}>

/** Whom a call is for, and what it takes to get there. */
type CallTarget = Readonly<{
  definition: ServerDefinition
  credentials: CredentialSet
  principal: Principal
  /** What the client of the call can be asked for. */
  asks: readonly Ask[]
}>

/** Runs a call's work on a connection that this principal may use. */
export type ConnectToCall = <T>(
  target: CallTarget,
  work: (connection: Connection) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>

/** Sessions of one principal with one server over which calls that can be asked are spread (MCP-65). */
const LANES = 4
const SPARE_IDLE_MS = 30_000

/**
 * Chooses the pool key of a call. A session of the older generation belongs to one principal, and was told once what
 * its client can be asked for; everything else, where each message stands for itself, is shared (MCP-56). Over stdio
 * nothing but being alone says which call a question belongs to.
 */
export function createConnectToCall(parts: ConnectParts): ConnectToCall {
  const lanes = createLanes(LANES)
  const places = createPlaces(parts)
  const { pool, eras } = parts

  return function connectToCall(target, work, signal) {
    const { definition, credentials } = target
    const asks = askedOfClient(target)
    const shared = places.shared(definition, credentials)
    const isProcess = definition.launch.kind === 'stdio'
    if (isProcess && asks.length === 0) return pool.use(shared, work, signal)

    const useOf = (era: Era) => {
      if (era === 'modern') return pool.use(shared, work, signal)
      if (!isProcess) return pool.use(places.own(target), work, signal)
      const { key, terms, name } = places.own(target)
      return lanes.use(name, (lane) =>
        pool.use(createPlace({ ...key, lane }, laneTerms(terms, lane)), work, signal),
      )
    }
    const known = eras.get(definition, credentials)
    return known
      ? useOf(known)
      : pool.use(shared, async ({ greeting }) => greeting.era, signal).then(useOf)
  }
}

/** Beside the first one, a process is there for calls at the same time, and ends soon after them. */
function laneTerms(terms: InstanceTerms, lane: number): InstanceTerms {
  const idleStopMs = lane === 0 ? terms.idleStopMs : Math.min(terms.idleStopMs, SPARE_IDLE_MS)
  return { ...terms, inFlightMax: 1, idleStopMs }
}

type Places = Readonly<{
  /** Connections there are told of nobody's abilities. */
  shared: (definition: ServerDefinition, credentials: CredentialSet) => Place
  own: (target: CallTarget) => Place
}>

type Kept = Readonly<{
  definition: ServerDefinition
  shared: Place
  /** Of principals whose calls can be asked for nothing. */
  own: WeakMap<Principal, Place>
}>

/** Made once for all calls with the same credentials, and with the same principal: they cost as much as sending one. */
function createPlaces(parts: ConnectParts): Places {
  const kept = new WeakMap<CredentialSet, Kept>()

  function keptFor(definition: ServerDefinition, credentials: CredentialSet): Kept {
    const known = kept.get(credentials)
    if (known?.definition === definition) return known
    const shared = sharedPlace(parts, definition, credentials)
    const made = { definition, shared, own: new WeakMap<Principal, Place>() }
    kept.set(credentials, made)
    return made
  }

  return {
    shared: (definition, credentials) => keptFor(definition, credentials).shared,
    own(target) {
      if (askedOfClient(target).length > 0) return ownPlace(parts, target)
      const { own } = keptFor(target.definition, target.credentials)
      const known = own.get(target.principal) ?? ownPlace(parts, target)
      own.set(target.principal, known)
      return known
    },
  }
}

/** Fixed roots are no question to anyone, and so no reason for a connection of one's own. */
const askedOfClient = ({ asks, definition }: CallTarget): readonly Ask[] =>
  definition.roots ? asks.filter((ask) => ask !== 'roots') : asks

const sharedPlace = (
  parts: ConnectParts,
  definition: ServerDefinition,
  credentials: CredentialSet,
): Place =>
  createPlace(keyOf(definition, credentials), termsOf(parts, definition, { credentials, asks: [] }))

function ownPlace(parts: ConnectParts, target: CallTarget): Place {
  const { definition, credentials, principal } = target
  const asks = askedOfClient(target)
  const key = {
    ...keyOf(definition, credentials),
    principal: principalKey(principal),
    asks: asks.join(','),
  }
  return createPlace(key, termsOf(parts, definition, { credentials, asks }))
}

export function createConnectToList(parts: ConnectParts): ConnectToList {
  return async function connectToList(server, work, signal) {
    const { definition } = server
    const credentials = await parts.connectCredentials(connectClearance(server))
    return parts.pool.use(
      sharedPlace(parts, definition, credentials),
      (connection) => work(connection, credentials.scrubber),
      signal,
      'peta',
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

function termsOf(
  { launch, eras, logs, onListChanged, onElicited, onGreeting }: ConnectParts,
  definition: ServerDefinition,
  { credentials, asks }: Readonly<{ credentials: CredentialSet; asks: readonly Ask[] }>,
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
        asks: withFixedRoots(asks, definition.roots),
        onListChanged: () => onListChanged(workspaceId, serverId),
        onElicited: (elicitationId: string) => onElicited(serverId, elicitationId),
        ...(era && { era }),
      }
      const connection = await launch(request, signal)
      eras.set(definition, credentials, connection.greeting.era)
      onGreeting(workspaceId, serverId, connection.greeting)
      return connection
    },
  }
}
