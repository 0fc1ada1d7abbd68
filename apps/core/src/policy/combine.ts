import type { Effect } from '../model/decision.ts'
import type { Judged } from './judge.ts'

export type Facet = 'user' | 'agent'

export type Combined = Readonly<{
  effect: Effect
  /** Nothing granted it, as opposed to something denying it. */
  isUngranted: boolean
}>

/**
 * The table that everything rests on (POL-18): what a rule does by its effect and by how its condition came out. An
 * error never loosens: it denies for a deny, restricts for an ask, and grants nothing.
 */
const SAYS = {
  deny: {
    true: { denies: true, restricts: false, grants: false },
    error: { denies: true, restricts: false, grants: false },
  },
  ask: {
    true: { denies: false, restricts: true, grants: true },
    error: { denies: false, restricts: true, grants: false },
  },
  gate: {
    true: { denies: false, restricts: true, grants: false },
    error: { denies: false, restricts: true, grants: false },
  },
  allow: {
    true: { denies: false, restricts: false, grants: true },
    error: { denies: false, restricts: false, grants: false },
  },
} as const

type Say = Readonly<{ denies: boolean; restricts: boolean; grants: boolean }>
const NOTHING: Say = { denies: false, restricts: false, grants: false }

/** What one rule says; nothing when its condition is false or it is in shadow mode. */
export function sayOf({ rule, outcome }: Pick<Judged, 'rule' | 'outcome'>): Say {
  if (outcome === 'false' || rule.isShadow) return NOTHING
  if (rule.effect !== 'require_approval') return SAYS[rule.effect][outcome]
  return SAYS[rule.gate ? 'gate' : 'ask'][outcome]
}

/** Any deny denies; without a grant it is denied; any restriction asks; else it is allowed. */
export function combineFacet(judged: readonly Judged[], facet: Facet): Combined {
  let isGranted = false
  let isRestricted = false
  for (const one of judged) {
    if (!one.facets[facet]) continue
    const { denies, restricts, grants } = sayOf(one)
    if (denies) return { effect: 'deny', isUngranted: false }
    isRestricted ||= restricts
    isGranted ||= grants && (facet === 'user' || one.facets.grantsAgent)
  }
  if (!isGranted) return { effect: 'deny', isUngranted: true }
  return { effect: isRestricted ? 'require_approval' : 'allow', isUngranted: false }
}
