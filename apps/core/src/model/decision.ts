export type Effect = 'allow' | 'require_approval' | 'deny'

/** Strictest first: the order in which effects combine (POL-18). */
export const effectsByStrictness = [
  'deny',
  'require_approval',
  'allow',
] as const satisfies readonly Effect[]

export const isStricterThan = (effect: Effect, other: Effect): boolean =>
  effectsByStrictness.indexOf(effect) < effectsByStrictness.indexOf(other)

/** A rule that had a say in a decision, as it is recorded and explained. */
export type RuleHit = Readonly<{
  rule: string
  effect: Effect
  gate: boolean
  guardrail: boolean
  /** The condition failed to evaluate; a restriction then still restricts. */
  errored: boolean
}>

/** Terms for the people who decide, merged to the strictest over all matching rules (POL-38). */
export type ApprovalTerms = Readonly<{
  /** Every group must reach its own quorum; empty means the workspace's approvers, quorum 1. */
  approvers: readonly Readonly<{ group: string; quorum: number }>[]
  quorum: number
  /** The requester may vote. Absent: only where the workspace has one active person (APR-16). */
  self?: boolean
  decideByMs: number
  executeByMs: number
  remember: 'none' | 'session' | 'time' | 'long'
  /** JSON pointers an approver may change. */
  edit: readonly string[]
  stepUp: 'none' | 'presence' | 'passkey'
  comment: 'optional' | 'required'
}>

/** How much a server may ask of the model behind one client (MCP-71). */
export type SamplingBudget = Readonly<{ requestsPerHour: number; tokensPerHour: number }>

/** What a decision asks of the stages after it. Only what is enforced is here. */
export type Obligations = Readonly<{
  approval?: ApprovalTerms
  /** Always there when a server may sample. */
  sampling?: SamplingBudget
}>

/**
 * The policy's answer to one call. Pure: the same call, principal, facts and version give the same decision.
 */
export type Decision = Readonly<{
  effect: Effect
  /** Why it is what it is, when no rule says so: nothing granted, a stale version, an obligation that cannot be met. */
  reason: 'rules' | 'no_rule' | 'policy_stale' | 'ask_unsupported' | 'arguments_refused'
  policyVersion: number
  matched: readonly RuleHit[]
  /** Rules in shadow mode that would have matched; they never change the effect. */
  shadow: readonly RuleHit[]
  obligations: Obligations
}>
