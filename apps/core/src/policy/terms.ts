import type { ApprovalTerms, SamplingBudget } from '../model/decision.ts'
import { type ApprovalObligation, defaultSampling, type SamplingObligation } from './rule.ts'

const REMEMBER = ['none', 'session', 'time', 'long'] as const
const STEP_UP = ['none', 'presence', 'passkey'] as const

/**
 * The terms that satisfy every rule that asks: each member by itself is the strictest of all (POL-38). The order of
 * rules does not matter.
 */
export function mergeTerms(
  all: readonly [ApprovalObligation, ...ApprovalObligation[]],
): ApprovalTerms {
  const self = mergeSelf(all)
  return {
    approvers: mergeApprovers(all),
    quorum: Math.max(...all.map(({ quorum }) => quorum)),
    ...(self !== undefined && { self }),
    decideByMs: Math.min(...all.map((terms) => terms.decide_by)),
    executeByMs: Math.min(...all.map((terms) => terms.execute_by)),
    remember: lowest(
      REMEMBER,
      all.map(({ remember }) => remember),
    ),
    edit: intersect(all.map(({ edit }) => edit)),
    stepUp: highest(
      STEP_UP,
      all.map((terms) => terms.step_up),
    ),
    comment: all.some(({ comment }) => comment === 'required') ? 'required' : 'optional',
  }
}

/** The least that any of them leaves; where none says anything, what every server has. */
export function mergeBudgets(all: readonly SamplingObligation[]): SamplingBudget {
  const budgets = all.length > 0 ? all : [defaultSampling]
  return {
    requestsPerHour: Math.min(...budgets.map((budget) => budget.requests_per_hour)),
    tokensPerHour: Math.min(...budgets.map((budget) => budget.tokens_per_hour)),
  }
}

/** Groups of all rules, each with the highest quorum any of them asks of it, in the order of their names. */
function mergeApprovers(all: readonly ApprovalObligation[]): ApprovalTerms['approvers'] {
  const quorums = new Map<string, number>()
  for (const { group, quorum } of all.flatMap(({ approvers }) => approvers)) {
    quorums.set(group, Math.max(quorum, quorums.get(group) ?? 0))
  }
  return [...quorums]
    .map(([group, quorum]) => ({ group, quorum }))
    .toSorted((a, b) => (a.group < b.group ? -1 : 1))
}

/** A rule that says nothing leaves it to the workspace, which is stricter than yes and laxer than no. */
function mergeSelf(all: readonly ApprovalObligation[]): boolean | undefined {
  if (all.some(({ self }) => self === false)) return false
  return all.every(({ self }) => self === true) ? true : undefined
}

function intersect(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists
  return [...new Set(first)]
    .filter((entry) => others.every((list) => list.includes(entry)))
    .toSorted()
}

const lowest = <T>(order: readonly T[], values: readonly T[]): T =>
  values.reduce((a, b) => (order.indexOf(a) <= order.indexOf(b) ? a : b))
const highest = <T>(order: readonly T[], values: readonly T[]): T =>
  values.reduce((a, b) => (order.indexOf(a) >= order.indexOf(b) ? a : b))
