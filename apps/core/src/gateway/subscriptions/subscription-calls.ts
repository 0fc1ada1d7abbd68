import type { Clock } from '../../ground/clock.ts'
import { isCoreError } from '../../ground/errors.ts'
import type { NewId } from '../../ground/ids.ts'
import type { Call } from '../../model/call.ts'
import { type Effect, isStricterThan } from '../../model/decision.ts'
import type { Era } from '../../model/frame.ts'
import type { CallStages } from '../governed-call.ts'
import { callOf, resolveResource, type ResolveTools } from '../calls/resolve-call.ts'
import type { Viewer, Views } from '../lists/views.ts'

export type SubscriptionCallDeps = ResolveTools &
  Readonly<{
    views: Views
    decide: CallStages['decide']
    clock: Pick<Clock, 'nowMs'>
    newId: NewId
  }>

/** Who subscribes, and how. */
export type SubscribingClient = Readonly<{
  /** Whom its credential lets in now; nothing is told once that is nobody. */
  viewer: () => Viewer | undefined
  method: 'resources/subscribe' | 'subscriptions/listen'
  clientEra: Era
  clientIp: string
}>

export type SubscriptionCalls = Readonly<{
  /**
   * The call that a subscription is decided, recorded and sent as.
   *
   * @throws CoreError `name_unknown`, `params_invalid`
   */
  callFor: (viewer: Viewer, uri: string) => Call
  /** Whether the client may read a resource now, as freely as it was let at first. */
  mayRead: (uri: string, before: Effect) => boolean
}>

export function createSubscriptionCalls(
  deps: SubscriptionCallDeps,
  client: SubscribingClient,
): SubscriptionCalls {
  /** What a subscription asks of a server is the same for every client, so it says nothing else. */
  function callFor(viewer: Viewer, uri: string): Call {
    const { method, clientEra, clientIp } = client
    const params = { uri }
    const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 0, method, params }))
    const origin = {
      id: deps.newId('call'),
      workspaceId: viewer.principal.workspaceId,
      action: 'resource.read',
      frame: { bytes, method, params, spans: {} },
      clientEra,
      clientIp,
      receivedAtMs: deps.clock.nowMs(),
    } as const
    return callOf(origin, resolveResource(uri, deps.views(viewer), deps))
  }

  return {
    callFor,
    mayRead(uri, before) {
      const viewer = client.viewer()
      const call = viewer && foundOrUndefined(() => callFor(viewer, uri))
      if (!viewer || !call) return false
      return !isStricterThan(deps.decide(viewer.principal, call).effect, before)
    },
  }
}

/** Undefined for what its client cannot see any more. */
function foundOrUndefined(find: () => Call): Call | undefined {
  try {
    return find()
  } catch (error) {
    if (isCoreError(error, 'name_unknown') || isCoreError(error, 'params_invalid')) return undefined
    throw error
  }
}
