import { waitOrAbort } from '../ground/abort.ts'
import { CoreError, isCoreError } from '../ground/errors.ts'
import type { Action, Call, CallResult, Outlet } from '../model/call.ts'
import type { ArmedCall } from '../model/clearance.ts'
import type { Ask } from '../model/question.ts'
import type { ServerDefinition } from '../model/server.ts'
import { encodeResponse } from '../protocol/errors.ts'
import type { ServerFrame } from '../model/frame.ts'
import { assertAccepted } from './accepted-content.ts'
import type { ConnectToCall } from './connection/connect.ts'
import type { Connection } from './connection/connection.ts'
import { itemKey, type Registry } from './registry/registry.ts'

export type Run = (armed: ArmedCall, outlet: Outlet, signal: AbortSignal) => Promise<CallResult>

/** Called right before the first byte of each attempt leaves, counted from 1; when it throws, nothing does. */
export type BeforeSend = (armed: ArmedCall, attempt: number) => Promise<void> | void

export type RunParts = Readonly<{
  registry: Pick<Registry, 'current'>
  connect: ConnectToCall
  /** The server does not speak what it was found to speak (MCP-53). */
  doubtEra: (workspaceId: string, serverId: string) => void
  /** Reads a server's lists again. */
  refresh: (workspaceId: string, serverId: string) => Promise<void>
  /** A server said that a resource of it changed. */
  onUpdated: (workspaceId: string, serverId: string) => void
  beforeSend: BeforeSend
}>

/** Methods that change nothing at the server, and may be asked again (RUN-55). */
const READ_ONLY: ReadonlySet<Action> = new Set(['resource.read', 'prompt.get', 'completion.get'])

/**
 * From an armed call to its answer. A call is sent at most once: only one that provably did not run, or that only
 * reads, is ever sent again (RUN-55).
 */
export function createRun(parts: RunParts): Run {
  const { registry, connect, doubtEra, refresh, onUpdated, beforeSend } = parts

  function sendOnce(
    { armed, attempt }: Readonly<{ armed: ArmedCall; attempt: number }>,
    outlet: Outlet,
    signal: AbortSignal,
  ): Promise<CallResult> {
    const { principal, call } = armed.clearance
    const definition = definitionOf(registry, call)
    const asks = outlet.askable?.asks ?? NONE
    const target = { definition, credentials: armed.credentials, principal, asks }
    const sendOn = (connection: Connection): Promise<CallResult> =>
      isSubscription(call)
        ? subscribe(
            connection,
            call,
            noting(outlet, () => onUpdated(call.workspaceId, call.server.id)),
            signal,
          )
        : connection.forward(call, outlet, signal)
    return connect(
      target,
      (connection) => {
        const noted = beforeSend(armed, attempt)
        return noted ? noted.then(() => sendOn(connection)) : sendOn(connection)
      },
      signal,
    )
  }

  return async function run(armed, outlet, signal) {
    const { call, claim } = armed.clearance
    try {
      const answer = await sendOnce({ armed, attempt: 1 }, outlet, signal)
      assertAccepted(registry, call, answer)
      return answer
    } catch (error) {
      const { workspaceId, server } = call
      if (isRefusedBy(error, UNSUPPORTED_VERSION)) doubtEra(workspaceId, server.id)
      // What a person approved is sent once, whatever it is (APR-2).
      if (claim !== undefined || call.round?.approvalId !== undefined) throw error
      if (isRefusedBy(error, HEADER_MISMATCH)) {
        // The schema that the headers were made by may be an old one; then the call is no longer what was judged.
        await waitOrAbort(refresh(workspaceId, server.id), signal, 'server:refresh')
      } else if (!READ_ONLY.has(call.action) || !isSessionLoss(error)) throw error
      const answer = await sendOnce({ armed, attempt: 2 }, outlet, signal)
      assertAccepted(registry, call, answer)
      return answer
    }
  }
}

/** Methods by which clients ask to be told of a resource that they may read, each in its era. */
const SUBSCRIBING: ReadonlySet<string> = new Set(['resources/subscribe', 'subscriptions/listen'])

const isSubscription = ({ method }: Call): boolean => SUBSCRIBING.has(method)

const noting = ({ notify, ...rest }: Outlet, updated: () => void): Outlet => ({
  ...rest,
  notify(frame) {
    updated()
    notify(frame)
  },
})

/** One request serves everyone who wants to be told, so it is Peta's own and none of the clients' is sent on. */
// oxlint-disable-next-line max-params -- as `run`
async function subscribe(
  connection: Connection,
  { name }: Call,
  { notify, lost }: Outlet,
  signal: AbortSignal,
): Promise<CallResult> {
  const subscriber = {
    updated: ({ bytes }: ServerFrame) => notify(bytes),
    lost: () => lost?.(),
  }
  const refusal = await connection.subscribe(name, subscriber, signal)
  const bytes = refusal?.bytes ?? SUBSCRIBED
  return { bytes, serverEra: connection.greeting.era, isError: refusal !== undefined }
}

const SUBSCRIBED = encodeResponse(Buffer.from('0'), '{}')

/** @throws CoreError `server_unavailable`, `server_disabled`, `definition_changed` */
function definitionOf(registry: Pick<Registry, 'current'>, call: Call): ServerDefinition {
  const { servers, accepted } = registry.current(call.workspaceId)
  const server = call.server.slug
  const definition = servers.get(call.server.id)?.definition
  if (!definition) throw new CoreError('server_unavailable', { server, reason: 'removed' })
  if (!definition.enabled) throw new CoreError('server_disabled', { server })
  // What was decided about is what is offered still: checked last of all, at call time (POL-47).
  if (call.item && accepted.get(itemKey(call.item))?.pin !== call.item.pin) {
    throw new CoreError('definition_changed', { server })
  }
  return definition
}

const NONE: readonly Ask[] = []

/** A 404 on a session; the next connection opens a new one (MCP-57). */
const isSessionLoss = (error: unknown): boolean =>
  isCoreError(error, 'outcome_unknown') &&
  (error.facts['reason'] === 'session_lost' || error.facts['status'] === 404)

const HEADER_MISMATCH = -32_020
const UNSUPPORTED_VERSION = -32_022

const isRefusedBy = (error: unknown, code: number): boolean =>
  isCoreError(error, 'server_misbehaves') && error.facts['code'] === code
