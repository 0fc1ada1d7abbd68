import { isCoreError } from '../../ground/errors.ts'
import type { Connection } from '../connection/connection.ts'

/** What a connection belongs to. Two calls share one only if all of it is equal (RUN-45, MCP-56). */
export type InstanceKey = Readonly<{
  workspaceId: string
  serverId: string
  version: number
  credentialVersion: string
  /** Empty where principals may share. */
  principal: string
  /** What the server was told that its client can be asked for; empty for nothing. */
  asks: string
  /** Sessions that carry one call at a time are several (MCP-65). */
  lane: number
}>

export type InstanceTerms = Readonly<{
  server: string
  inFlightMax: number
  idleStopMs: number
  /** Starts it; called once however many wait. Aborted only when the instance is given up for good. */
  start: (signal: AbortSignal) => Promise<Connection>
}>

/** A place in the pool: at most one connection is there at a time. Made once for all calls that go there. */
export type Place = Readonly<{ key: InstanceKey; terms: InstanceTerms; name: string }>

export const createPlace = (key: InstanceKey, terms: InstanceTerms): Place => ({
  key,
  terms,
  name: `${key.workspaceId} ${key.serverId} ${key.version} ${key.credentialVersion} ${key.principal} ${key.asks} ${key.lane}`,
})

export type InstanceStatus = Readonly<{
  key: InstanceKey
  state: 'sleeping' | 'starting' | 'ready' | 'backing_off' | 'quarantined'
  inFlight: number
  waiting: number
}>

export type PoolEvent = Readonly<{
  kind: 'started' | 'start_failed' | 'crashed' | 'quarantined'
  key: InstanceKey
  reason?: string
}>

/** What ends with a wire is one incident however many calls were on it, and the back-off counts it already. */
const UNANSWERED: ReadonlySet<unknown> = new Set(['connection_lost', 'http_status', 'no_answer'])

/** Requests that got no answer, as far apart from errors that a tool reports as RUN-50 wants them. */
export const isTransportFailure = (error: unknown): boolean =>
  isCoreError(error, 'call_timed_out') ||
  (isCoreError(error, 'outcome_unknown') && UNANSWERED.has(error.facts['reason'])) ||
  isCoreError(error, 'server_unavailable') ||
  isCoreError(error, 'server_misbehaves')
