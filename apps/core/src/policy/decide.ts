import type { Call } from '../model/call.ts'
import {
  effectsByStrictness,
  type ApprovalTerms,
  type Decision,
  type Effect,
  type SamplingBudget,
} from '../model/decision.ts'
import { isOwn } from '../model/own-tools.ts'
import type { Principal } from '../model/principal.ts'
import { combineFacet, sayOf, type Combined } from './combine.ts'
import type { CompiledPolicy } from './compile.ts'
import type { DecisionCache } from './decision-cache.ts'
import {
  findMatching,
  judge,
  targetOf,
  toHit,
  type DecisionFacts,
  type Judged,
  type Judgement,
  type Matching,
} from './judge.ts'
import { askableActions } from './scope.ts'
import { mergeBudgets, mergeTerms } from './terms.ts'

export type Question = Readonly<{ principal: Principal; call: Call; facts: DecisionFacts }>

/**
 * Decides one call against one version of the rules: no waiting, no effect, and no throw. Whatever cannot be matched,
 * read or worked out comes out as no (POL-4, POL-18).
 */
export function decide(
  policy: CompiledPolicy,
  question: Question,
  cache?: DecisionCache,
): Decision {
  try {
    const plan = cache?.get(policy, question) ?? createPlan(policy, question)
    if (!plan) return denied(policy.version, 'no_rule')
    return plan.decision ?? combine(policy, question, judge(policy, question, plan.matching))
  } catch {
    // A defect of ours or of the engine must not open anything.
    return denied(policy.version, 'no_rule')
  }
}

/** The rules that a call has to pass, and the decision itself where no argument can change it. */
export type Plan = Readonly<{ matching: readonly Matching[]; decision?: Decision }>

/** Undefined when the call is aimed at nothing that rules could be about. */
export function createPlan(policy: CompiledPolicy, question: Question): Plan | undefined {
  const target = targetOf(question.call)
  if (!target) return undefined
  const matching = [
    ...findMatching(policy, question.principal, target).filter((match) => names(match, question)),
    ...findUnderlying(policy, question),
  ]
  if (!matching.every(({ rule }) => rule.isSteady)) return { matching }
  return { matching, decision: combine(policy, question, judge(policy, question, matching)) }
}

/** A method that nobody here knows is allowed by its exact name only (MCP-2). */
const names = ({ rule }: Matching, { call }: Question): boolean =>
  call.action !== 'rpc.other' ||
  rule.effect !== 'allow' ||
  rule.scope.resources.includes(`method:${call.server.slug}/${call.name}`)

/** Completing an argument also needs what it completes (POL-20): whatever denies that, denies its completion. */
function findUnderlying(
  policy: CompiledPolicy,
  { principal, call }: Question,
): readonly Matching[] {
  const target = call.action === 'completion.get' ? targetOf(call) : undefined
  if (!target) return []
  const action = target.kind === 'prompt' ? 'prompt.get' : 'resource.read'
  return findMatching(policy, principal, { ...target, action }).filter(
    ({ rule }) => rule.effect === 'deny',
  )
}

/** The decision that a judgement amounts to. */
export function combine(
  policy: CompiledPolicy,
  { principal, call }: Question,
  { judged, isExhausted }: Judgement,
): Decision {
  if (isExhausted) return denied(policy.version, 'arguments_refused')
  const user = principal.user ? combineFacet(judged, 'user') : undefined
  const combined = stricter(combineFacet(judged, 'agent'), user)
  const hits = {
    matched: judged.filter(hasSay).map(toHit),
    shadow: judged.filter(({ rule, outcome }) => rule.isShadow && outcome !== 'false').map(toHit),
  }

  if (combined.effect !== 'require_approval') {
    const reason = combined.isUngranted ? 'no_rule' : 'rules'
    const isSampling = combined.effect === 'allow' && call.action === 'client.sample'
    const obligations = isSampling ? { sampling: budgetOf(judged) } : {}
    return { ...decided(policy.version, combined.effect, reason), ...hits, obligations }
  }
  if (!canAsk(call)) return { ...decided(policy.version, 'deny', 'ask_unsupported'), ...hits }
  const obligations = { approval: termsOf(judged) }
  return { ...decided(policy.version, 'require_approval', 'rules'), ...hits, obligations }
}

function hasSay(one: Judged): boolean {
  const { denies, restricts, grants } = sayOf(one)
  return denies || restricts || grants
}

function stricter(a: Combined, b: Combined | undefined): Combined {
  if (!b) return a
  if (a.effect === b.effect) return { ...a, isUngranted: a.isUngranted && b.isUngranted }
  return effectsByStrictness.indexOf(a.effect) < effectsByStrictness.indexOf(b.effect) ? a : b
}

/** A subscription has no result that could wait for a person, and an own tool has no server that a vote could bind. */
const canAsk = (call: Call): boolean =>
  askableActions.has(call.action) && call.method !== 'resources/subscribe' && !isOwn(call.server)

function termsOf(judged: readonly Judged[]): ApprovalTerms {
  const [first, ...others] = judged
    .filter((one) => sayOf(one).restricts)
    .map(({ rule }) => rule.approval)
  if (!first) throw new Error('a call is asked for without a rule that asks')
  return mergeTerms([first, ...others])
}

const budgetOf = (judged: readonly Judged[]): SamplingBudget =>
  mergeBudgets(
    judged
      .filter((one) => sayOf(one).grants)
      .map(({ rule }) => rule.sampling)
      .filter((budget) => budget !== undefined),
  )

/** A denial that no rule made. */
export const denied = (version: number, reason: Decision['reason']): Decision =>
  decided(version, 'deny', reason)

const decided = (policyVersion: number, effect: Effect, reason: Decision['reason']): Decision => ({
  effect,
  reason,
  policyVersion,
  matched: [],
  shadow: [],
  obligations: {},
})
