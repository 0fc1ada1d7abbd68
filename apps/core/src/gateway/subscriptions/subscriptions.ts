import { CoreError } from '../../ground/errors.ts'
import { createSubscriptionCalls, type SubscribingClient } from './subscription-calls.ts'
import type { SubscriptionCallDeps } from './subscription-calls.ts'
import {
  type Granted,
  isTold,
  openSubscription,
  type Subscription,
  type SubscriptionParts,
} from './subscription.ts'
import { createUpdates, type Update } from './updates.ts'

export type SubscriptionDeps = SubscriptionCallDeps &
  Omit<SubscriptionParts, 'client' | 'calls' | 'updates'>

/** One client's subscriptions to resources: those of a session, or of one `subscriptions/listen`. */
export type Subscriber = Readonly<{
  /**
   * Decided, recorded and sent as a read of the resource would be (MCP-2).
   *
   * @throws CoreError `name_unknown`, `params_invalid`, and whatever a call fails with
   */
  add: (uri: string) => Promise<Granted>
  remove: (uri: string) => void
  /** The client can be told again. */
  flush: () => void
  end: () => void
}>

/** `tell` gives false when the client cannot be told now. */
export type OpenSubscriber = (
  client: SubscribingClient,
  tell: (update: Update) => boolean,
) => Subscriber

/** As many as one listen or session may have (MCP-128). */
export const SUBSCRIPTIONS_MAX = 1000

/**
 * A subscription is let through by the governed call, and again whenever its server was lost, so that none outlives the
 * right to it or the secret that it was made with (MCP-57, MCP-126).
 */
export function createSubscriptions(deps: SubscriptionDeps): OpenSubscriber {
  return function openSubscriber(client, tell) {
    const held = new Map<string, Subscription>()
    const updates = createUpdates(deps.timers, tell)
    const calls = createSubscriptionCalls(deps, client)

    function remove(uri: string): void {
      held.get(uri)?.end()
      held.delete(uri)
    }

    async function addNew(uri: string): Promise<Granted> {
      const one = openSubscription({ ...deps, client, calls, updates }, uri)
      held.set(uri, one)
      let isHeld = false
      try {
        const granted = await one.granted()
        isHeld = isTold(granted.outcome)
        return granted
      } finally {
        if (!isHeld && held.get(uri) === one) remove(uri)
      }
    }

    return {
      async add(uri) {
        const known = held.get(uri)
        if (known) return known.granted()
        if (held.size >= SUBSCRIPTIONS_MAX) throw tooMany()
        return addNew(uri)
      },
      remove,
      flush: updates.flush,
      end() {
        for (const uri of held.keys()) remove(uri)
      },
    }
  }
}

export const tooMany = (): CoreError =>
  new CoreError('params_invalid', {
    problem: `No more than ${SUBSCRIPTIONS_MAX} resources can be subscribed to.`,
  })
