/** Every state of an approval; `approvals.md` has the table of transitions, `approval/machine.ts` is that table. */
export const approvalStates = [
  'PENDING',
  'APPROVED',
  'EXECUTING',
  'COMPLETED',
  'FAILED',
  'OUTCOME_UNKNOWN',
  'DENIED',
  'EXPIRED',
  'CANCELLED',
  'REVOKED',
  'VOID',
  'RESOLVED_DONE',
  'RESOLVED_NOT_DONE',
] as const
export type ApprovalState = (typeof approvalStates)[number]

/** What the agent is told while, or after, a person decides. Never names, votes, rules or arguments. */
export type ApprovalStatus = Readonly<{
  approvalId: string
  state: ApprovalState
  /** Epoch ms of the clock that runs now: `decide_by` while pending, `execute_by` once approved. */
  expiresAtMs: number
  retryAfterMs: number
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
