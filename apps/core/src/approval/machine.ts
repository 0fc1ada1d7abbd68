import type { AuditEventType } from '@peta/contract'

import type { ApprovalState } from '../model/approval.ts'

/** Claims of one approval, the first and the repeats. */
export const ATTEMPTS_MAX = 3

/** What a transition depends on, beside the event. */
export type Standing = Readonly<{
  state: ApprovalState
  /** How often it was claimed. */
  attempt: number
  /** Number of the latest claim; only ever grows. */
  fence: number
  /** Fence of the latest claim that was about to send. Absent while nothing can have left. */
  sentFence?: number | undefined
  decideByMs: number
  /** Absent until the last vote. */
  executeByMs?: number | undefined
  /** An administrator labelled the tool as safe to repeat under the same key (APR-37). */
  isResendable: boolean
}>

export type ApprovalEvent =
  | 'approve'
  | 'deny'
  /** What has to be approved changed, and the votes with it. */
  | 'revise'
  | 'expire'
  | 'withdraw'
  | 'revoke'
  /** Something it was bound to is not so any more. */
  | 'void'
  | 'claim'
  /** The claim ended before anything was about to be sent. */
  | 'release'
  | 'complete'
  | 'fail'
  /** The claim ended after something may have been sent, and without an answer. */
  | 'lose'
  | 'resolve_done'
  | 'resolve_not_done'

const guards = {
  mayDecide: (approval, nowMs) => nowMs < approval.decideByMs,
  mayExecute: (approval, nowMs) => nowMs < (approval.executeByMs ?? 0),
  undecided: (approval, nowMs) => nowMs >= approval.decideByMs,
  unexecuted: (approval, nowMs) => nowMs >= (approval.executeByMs ?? 0),
  neverSent: (approval) => approval.sentFence === undefined,
  claimSent: (approval) => approval.sentFence === approval.fence,
  claimUnsent: (approval) => approval.sentFence !== approval.fence,
  resendable: (approval) => approval.isResendable,
  attemptsLeft: (approval) => approval.attempt < ATTEMPTS_MAX,
} as const satisfies Record<string, (approval: Standing, nowMs: number) => boolean>

type Row = Readonly<{
  from: ApprovalState
  event: ApprovalEvent
  when?: readonly (keyof typeof guards)[]
  to: ApprovalState
  record: AuditEventType
}>

/**
 * Every transition there is; what has no row is refused. Of several rows for a state and an event the first whose
 * guards hold counts. A row that may have had an effect never ends in a state that says nothing ran.
 */
export const transitions: readonly Row[] = [
  row('PENDING', 'approve', ['mayDecide'], 'APPROVED', 'approval.approved'),
  row('PENDING', 'deny', ['mayDecide'], 'DENIED', 'approval.denied'),
  row('PENDING', 'revise', ['mayDecide'], 'PENDING', 'approval.revised'),
  row('PENDING', 'expire', ['undecided'], 'EXPIRED', 'approval.expired'),
  row('PENDING', 'withdraw', [], 'CANCELLED', 'approval.cancelled'),
  row('PENDING', 'void', [], 'VOID', 'approval.void'),

  row('APPROVED', 'claim', ['mayExecute', 'attemptsLeft'], 'EXECUTING', 'approval.executing'),
  row('APPROVED', 'revise', ['mayExecute', 'neverSent'], 'PENDING', 'approval.revised'),
  row('APPROVED', 'expire', ['unexecuted', 'neverSent'], 'EXPIRED', 'approval.expired'),
  row('APPROVED', 'expire', ['unexecuted'], 'OUTCOME_UNKNOWN', 'approval.outcome_unknown'),
  row('APPROVED', 'withdraw', ['neverSent'], 'CANCELLED', 'approval.cancelled'),
  row('APPROVED', 'revoke', ['neverSent'], 'REVOKED', 'approval.revoked'),
  row('APPROVED', 'void', ['neverSent'], 'VOID', 'approval.void'),
  row('APPROVED', 'void', [], 'OUTCOME_UNKNOWN', 'approval.outcome_unknown'),

  row('EXECUTING', 'revoke', ['neverSent'], 'REVOKED', 'approval.revoked'),
  row(
    'EXECUTING',
    'release',
    ['claimUnsent', 'attemptsLeft', 'mayExecute'],
    'APPROVED',
    'approval.released',
  ),
  row('EXECUTING', 'release', ['neverSent'], 'EXPIRED', 'approval.expired'),
  row('EXECUTING', 'release', ['claimUnsent'], 'OUTCOME_UNKNOWN', 'approval.outcome_unknown'),
  row('EXECUTING', 'complete', ['claimSent'], 'COMPLETED', 'approval.completed'),
  row('EXECUTING', 'fail', ['claimSent'], 'FAILED', 'approval.failed'),
  row(
    'EXECUTING',
    'lose',
    ['claimSent', 'resendable', 'attemptsLeft', 'mayExecute'],
    'APPROVED',
    'approval.released',
  ),
  row('EXECUTING', 'lose', ['claimSent'], 'OUTCOME_UNKNOWN', 'approval.outcome_unknown'),

  row('OUTCOME_UNKNOWN', 'resolve_done', [], 'RESOLVED_DONE', 'approval.resolved'),
  row('OUTCOME_UNKNOWN', 'resolve_not_done', [], 'RESOLVED_NOT_DONE', 'approval.resolved'),
]

export type Transition = Readonly<{ state: ApprovalState; record: AuditEventType }>
export type Refusal = Readonly<{ refused: 'wrong_state' | 'approval_expired' }>

/** Where an event leads, or why it leads nowhere. Pure; the caller makes it true by compare-and-set (APR-9). */
export function transition(
  approval: Standing,
  event: ApprovalEvent,
  nowMs: number,
): Transition | Refusal {
  const found = matching(approval, event, nowMs)
  if (found) return { state: found.to, record: found.record }
  const isExpired = approval.state === 'EXPIRED' || isOverdue(approval, nowMs)
  return { refused: isExpired ? 'approval_expired' : 'wrong_state' }
}

/** The time to decide, or to run, is over: it counts as ended whether or not a sweep has said so (APR-3). */
export const isOverdue = (approval: Standing, nowMs: number): boolean =>
  matching(approval, 'expire', nowMs) !== undefined

/** States that nothing leads out of (APR-6). */
export const isTerminal = (state: ApprovalState): boolean =>
  transitions.every(({ from }) => from !== state)

function matching(approval: Standing, event: ApprovalEvent, nowMs: number): Row | undefined {
  return transitions.find(
    ({ from, event: on, when = [] }) =>
      from === approval.state &&
      on === event &&
      when.every((guard) => guards[guard](approval, nowMs)),
  )
}

/** One line of the table. */
function row(
  from: ApprovalState,
  event: ApprovalEvent,
  when: readonly (keyof typeof guards)[],
  ...end: readonly [to: ApprovalState, record: AuditEventType]
): Row {
  return { from, event, when, to: end[0], record: end[1] }
}
