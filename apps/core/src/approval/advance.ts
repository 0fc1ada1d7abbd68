import { CoreError } from '../ground/errors.ts'
import type { Approval } from './approval.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import { approvalEvent } from './events.ts'
import { transition, type ApprovalEvent, type Transition } from './machine.ts'

export type VoidReason =
  | 'policy_denies'
  | 'policy_allows'
  | 'policy_changed'
  | 'principal_inactive'
  | 'approver_ineligible'
  | 'server_changed'
  | 'definition_changed'
  | 'connection_changed'

/** What is kept of an end, beside the state. */
export type End = Readonly<{
  actorId?: string
  voidReason?: VoidReason
  /** What a person wrote, encrypted. */
  note?: Uint8Array
}>

/**
 * Makes one transition of the table true, with its event, in one transaction.
 *
 * @throws CoreError `wrong_state`, `approval_expired` when the table has no such row; `conflict` when the approval
 *   changed since it was read
 */
export type Advance = (approval: Approval, event: ApprovalEvent, end?: End) => Promise<void>

export function createAdvance({
  store,
  draft,
}: Pick<ApprovalDependencies, 'store' | 'draft'>): Advance {
  return async function advance(approval, event, end = {}) {
    const { state: to, record } = allowed(approval, event)
    const facts = {
      state: to,
      ...(end.voidReason !== undefined && { void_reason: end.voidReason }),
      ...(approval.state === 'EXECUTING' && { fence: approval.fence }),
    }
    await store.command(
      'approval.advance',
      {
        seen: seenOf(approval),
        to,
        ...(approval.state === 'EXECUTING' && event !== 'revoke' && { leaseOver: true }),
        ...(end.voidReason !== undefined && { voidReason: end.voidReason }),
        ...(end.actorId !== undefined && { endedBy: end.actorId }),
        ...(end.note !== undefined && { endNote: end.note }),
      },
      [
        approvalEvent(draft, record, approval, {
          facts,
          ...(end.actorId !== undefined && { actorId: end.actorId }),
        }),
      ],
    )
  }
}

/** Where an event leads. @throws CoreError `wrong_state`, `approval_expired` */
export function allowed(approval: Approval, event: ApprovalEvent): Transition {
  const next = transition(approval, event, approval.nowMs)
  if ('state' in next) return next
  throw new CoreError(next.refused, { state: approval.state })
}

/** What compare-and-set compares. */
export const seenOf = ({ workspaceId, id, state, version }: Approval) => ({
  workspaceId,
  id,
  state,
  version,
})
