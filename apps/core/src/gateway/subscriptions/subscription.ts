import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Call } from '../../model/call.ts'
import type { Effect } from '../../model/decision.ts'
import { encodeNotice } from '../../protocol/encode-notice.ts'
import { readValue } from '../../protocol/members.ts'
import { exposedUri } from '../../protocol/names.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'
import type { CallStages, GovernedCall, GovernedOutcome } from '../governed-call.ts'
import type { SubscribingClient, SubscriptionCalls } from './subscription-calls.ts'
import type { Updates } from './updates.ts'

export type SubscriptionParts = Readonly<{
  governedCall: GovernedCall
  decide: CallStages['decide']
  clock: Pick<Clock, 'nowMs'>
  timers: Pick<Timers, 'after'>
  client: SubscribingClient
  calls: SubscriptionCalls
  updates: Updates
}>

/** What became of a subscription's call. */
export type Granted = Readonly<{ call: Call; outcome: GovernedOutcome }>

/** That one client is told of one resource. */
export type Subscription = Readonly<{
  /** As it was let through last. */
  granted: () => Promise<Granted>
  end: () => void
}>

const RESTORE_MIN_MS = 500
const RESTORE_MAX_MS = 600_000
/** What was told so long has recovered. */
const STEADY_MS = 60_000

/** `uri` is as the client wrote it. */
export function openSubscription(deps: SubscriptionParts, uri: string): Subscription {
  const { client, calls, updates } = deps
  const ending = new AbortController()
  let losses = 0
  let grantedAtMs = 0

  async function start(): Promise<Granted> {
    const viewer = client.viewer()
    if (!viewer) throw new CoreError('name_unknown', { uri })
    const call = calls.callFor(viewer, uri)
    const { effect } = deps.decide(viewer.principal, call)
    // A stream of many would ask people many things at once, and wait for all of them.
    if (effect === 'require_approval' && client.method === 'subscriptions/listen') {
      throw new CoreError('policy_denied')
    }
    const outlet = { notify: (bytes: Buffer) => note({ call, effect }, bytes), lost: restoreLater }
    const outcome = await deps.governedCall(viewer.principal, call, outlet, ending.signal)
    grantedAtMs = deps.clock.nowMs()
    return { call, outcome }
  }

  function note({ call, effect }: Let, bytes: Buffer): void {
    const frame = readServerFrame(bytes)
    const named = frame.spans.uri && readValue(bytes, frame.spans.uri)
    if (typeof named !== 'string') return
    const alias = call.isUnprefixed ? undefined : call.server.slug
    const known = named === call.name ? uri : exposedUri(alias, named)
    const mayTell = (): boolean => !ending.signal.aborted && calls.mayRead(known, effect)
    updates.note({ uri: known, frame, mayTell })
  }

  function restoreLater(): void {
    if (deps.clock.nowMs() - grantedAtMs >= STEADY_MS) losses = 0
    const waitMs = Math.min(RESTORE_MIN_MS * 2 ** losses, RESTORE_MAX_MS)
    losses += 1
    deps.timers.after(waitMs, () => void restore())
  }

  async function restore(): Promise<void> {
    if (ending.signal.aborted) return
    // A person who let it through is not asked again behind the client's back.
    if (!calls.mayRead(uri, 'allow')) return restoreLater()
    try {
      granted = start()
      const { call, outcome } = await granted
      if (!isTold(outcome)) return restoreLater()
      note({ call, effect: 'allow' }, updatedNotice(call.name))
    } catch {
      // The server is not back yet, or nobody may know: it is tried again, later each time.
      restoreLater()
    }
  }

  let granted = start()
  return { granted: () => granted, end: () => ending.abort() }
}

/** What was let through, and how. */
type Let = Readonly<{ call: Call; effect: Effect }>

const updatedNotice = (uri: string): Buffer =>
  encodeNotice('notifications/resources/updated', { uri })

/** Whether its client is told from now on. */
export const isTold = (outcome: GovernedOutcome): boolean =>
  outcome.state === 'done' && !outcome.result.isError
