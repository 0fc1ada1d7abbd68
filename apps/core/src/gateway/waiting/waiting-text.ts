import type { ApprovalStatus } from '../../model/approval.ts'
import { displayId } from '../../model/display-id.ts'

/** What a client that waits for people is told meanwhile (APR-40). */
export function waitingText({ approvalId, state, leftMs }: ApprovalStatus): string {
  const name = displayId(approvalId)
  if (state !== 'PENDING') return `Approval ${name} was decided.`
  return `Waiting for approval ${name} (${Math.max(0, Math.ceil(leftMs / 60_000))} min left)`
}
