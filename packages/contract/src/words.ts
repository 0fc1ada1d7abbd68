/** Closed lists that stand in stored rows, answers and questions alike. */

/** Every state of an approval; `approval/machine.ts` in Core is the table of its transitions. */
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

/** How the thing that an audit event tells ended (AUD-11). */
export const auditOutcomes = [
  'allowed',
  'denied',
  'pending',
  'approved',
  'executed',
  'failed',
  'unknown',
  'expired',
] as const
export type AuditOutcome = (typeof auditOutcomes)[number]

/** What of a server a person reviews. */
export const reviewedKinds = [
  'tool',
  'prompt',
  'resource',
  'resource_template',
  'skill',
  'instructions',
  'app',
] as const
export type ReviewedKind = (typeof reviewedKinds)[number]
