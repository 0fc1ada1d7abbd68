import type { CatalogueItem, ServerRef } from '../model/server.ts'
import type { CompiledPolicy } from './compile.ts'
import { createPlan, type Plan, type Question } from './decide.ts'

const PLANS_MAX = 20_000

export type DecisionCache = Readonly<{
  get: (policy: CompiledPolicy, question: Question) => Plan | undefined
}>

type Plans = WeakMap<CatalogueItem, WeakMap<ServerRef, Map<string, Plan>>>

/**
 * Plans by principal scope, server and item: at 10,000 rules finding the rules of a call costs more than running them.
 * A cache serves one version of the rules. It knows servers and items by identity, and both are immutable: a new
 * label is a new object, which has no plans yet. It starts anew when full.
 */
export function createDecisionCache(): DecisionCache {
  let plans: Plans = new WeakMap()
  let count = 0

  function remember(policy: CompiledPolicy, question: Question, of: Map<string, Plan>) {
    const plan = createPlan(policy, question)
    if (!plan) return undefined
    if (count >= PLANS_MAX) {
      plans = new WeakMap()
      count = 0
    }
    count += 1
    of.set(keyOf(question), plan)
    return plan
  }

  return {
    get(policy, question) {
      const { item, server } = question.call
      if (!item || !isCacheable(question)) return undefined
      const of = plansOf(plans, item, server)
      return of.get(keyOf(question)) ?? remember(policy, question, of)
    },
  }
}

/** Only where item and scope key say all that scopes look at. A URI says more, and so does a name not the item's. */
const isCacheable = ({ call }: Question): boolean =>
  (call.action === 'tool.call' || call.action === 'prompt.get') && call.name === call.item?.name

const keyOf = ({ principal, call }: Question): string => `${call.action}\0${principal.scopeKey}`

function plansOf(plans: Plans, item: CatalogueItem, server: ServerRef): Map<string, Plan> {
  const ofItem = plans.get(item) ?? new WeakMap<ServerRef, Map<string, Plan>>()
  plans.set(item, ofItem)
  const ofServer = ofItem.get(server) ?? new Map<string, Plan>()
  ofItem.set(server, ofServer)
  return ofServer
}
