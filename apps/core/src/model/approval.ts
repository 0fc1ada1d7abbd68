import type { ApprovalState } from '@peta/contract'

export { approvalStates, type ApprovalState } from '@peta/contract'

/** What the agent is told while, or after, a person decides. Never names, votes, rules or arguments. */
export type ApprovalStatus = Readonly<{
  approvalId: string
  state: ApprovalState
  /** Epoch ms of the clock that runs now: `decide_by` while pending, `execute_by` once approved. */
  expiresAtMs: number
  retryAfterMs: number
  /** From the reading to `expiresAtMs`, by one clock. */
  leftMs: number
  /** Reason of a denial, when the voter addressed it to the agent. */
  denyReason?: string
}>

/** The right to run one approved call once. Stale as soon as its lease ends; egress checks the fence (APR-36). */
export type ApprovalClaim = Readonly<{
  approvalId: string
  attempt: number
  fence: number
  leaseUntilMs: number
}>
