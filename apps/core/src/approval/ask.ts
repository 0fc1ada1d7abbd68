import { isCoreError } from '../ground/errors.ts'
import type { ApprovalClaim, ApprovalState } from '../model/approval.ts'
import type { NotCleared, Replayed } from '../model/clearance.ts'
import type { Wait } from '../model/call.ts'
import type { Era } from '../model/frame.ts'
import type { Advance } from './advance.ts'
import type { Approval } from './approval.ts'
import { callKeyFor } from './binding.ts'
import type { Claim } from './claim.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import type { Find } from './find.ts'
import { createHold, type Hold } from './hold.ts'
import type { Intent, Open } from './open.ts'
import { settleOverdue } from './overdue.ts'
import type { Reconcile } from './reconcile.ts'
import type { Replay } from './replay.ts'
import { pending, refused, statusOf } from './status.ts'
import type { WakeUpHub } from './wake-up-hub.ts'

export type Answer = ApprovalClaim | NotCleared | Replayed | Readonly<{ state: 'waived' }>

/** How long a client of either generation is held (APR-40): both give up on their own at 60 s. */
const holdMs: Readonly<Record<Era, number>> = { modern: 25_000, legacy: 45_000 }

/** How long a no is repeated instead of asking anew, and an unknown outcome stands in the way (APR-39, APR-43). */
const REPEATED_MS = 60_000
const BLOCKED_MS = 24 * 3_600_000

type AskDependencies = Pick<ApprovalDependencies, 'callKeyOf' | 'timers' | 'openData'> &
  Readonly<{
    find: Find
    open: Open
    claim: Claim
    advance: Advance
    reconcile: Reconcile
    replay: Replay
    hub: WakeUpHub
  }>

/** A call that needs a person, and how its client waits; without a word about it, as long as its era can be held. */
export type Asked = Intent & Readonly<{ wait?: Wait }>

const patienceOf = ({ call }: Intent, wait: Wait | undefined) =>
  wait?.until ? { until: wait.until } : { holdMs: holdMs[call.clientEra] }

/**
 * Finds or opens the approval of a call, and stays with it as long as its client can be held. A client that goes away
 * only detaches: the approval stays, and nothing runs until the client returns with the call (APR-7).
 *
 * @throws CoreError `no_eligible_approver`, `approval_limited`, `definition_changed`, `params_invalid`
 */
export function createAsk(needs: AskDependencies) {
  const { callKeyOf, timers, hub } = needs

  return async function ask({ wait, ...intent }: Asked, signal: AbortSignal): Promise<Answer> {
    const { workspaceId } = intent.call
    const callKey = callKeyFor(await callKeyOf(workspaceId), intent.principal, intent.call)
    using hold = createHold({ timers, hub, ...patienceOf(intent, wait), signal })
    let attachedTo = wait?.approvalId

    for (;;) {
      const looked = await look(needs, { intent, hold, wait, callKey }, attachedTo)
      if ('answer' in looked) return looked.answer
      attachedTo = looked.attachedTo
    }
  }
}

type Waiting = Readonly<{ intent: Intent; hold: Hold; wait: Wait | undefined; callKey: string }>
type Looked = Readonly<{ answer: Answer } | { attachedTo: string | undefined }>

/** Looks at the approval as it is now, and waits until it is another where it says that. */
async function look(
  needs: AskDependencies,
  { intent, hold, wait, callKey }: Waiting,
  attachedTo: string | undefined,
): Promise<Looked> {
  const { find, open } = needs
  const { workspaceId } = intent.call
  const boundTo = waitsForOne(wait, attachedTo) ? attachedTo : undefined
  const found = boundTo
    ? await find.byReference(workspaceId, boundTo)
    : await find.ofCall(workspaceId, callKey)
  const isAttached = found?.id === attachedTo
  const visit = { intent, hold, isAttached, isBound: boundTo !== undefined }
  const step: Step = found ? await stepFor(needs, visit, found) : 'open'
  if (typeof step !== 'string') return { answer: step }
  if (step === 'open') await openOnce(() => open(intent, callKey))
  if (!found) return { attachedTo }
  if (step === 'wait' && !(await waited(found, hold, wait))) return { answer: pending(found) }
  return { attachedTo: isOpen(found) ? found.id : attachedTo }
}

/** Who waits to the end, or comes back for one, gets that one, whatever has become of it, and no later one of the call. */
const waitsForOne = (wait: Wait | undefined, attachedTo: string | undefined): boolean =>
  wait?.until !== undefined || attachedTo === wait?.approvalId

/** Until the approval is not what was read. False when the client can be held no longer. */
async function waited(found: Approval, hold: Hold, wait: Wait | undefined): Promise<boolean> {
  if (hold.isOver()) return false
  using told = wait?.pending(statusOf(found))
  void told
  await hold.untilChange(found)
  return true
}

type Step = Answer | 'open' | 'wait' | 'again'
type Visit = Readonly<{
  intent: Intent
  hold: Hold
  /** The approval is the one that it waits for. */
  isAttached: boolean
  /** It waits for this one to the end, and for no other of the same call. */
  isBound: boolean
}>

type StepOf = (needs: AskDependencies, visit: Visit, approval: Approval) => Step | Promise<Step>

/** What an approval of this call, as it stands, means for the call (APR-43). */
const steps: Readonly<Record<ApprovalState, StepOf>> = {
  PENDING: async (needs, visit, approval) =>
    (await isRevised(needs, visit, approval)) ? 'again' : 'wait',
  APPROVED: (needs, visit, approval) =>
    visit.hold.isLeft() ? pending(approval) : claimed(needs, visit, approval),
  EXECUTING: () => 'wait',
  COMPLETED: repeated,
  FAILED: repeated,
  DENIED: ended,
  EXPIRED: ended,
  CANCELLED: ended,
  REVOKED: ended,
  VOID: ended,
  OUTCOME_UNKNOWN: ended,
  RESOLVED_DONE: ended,
  RESOLVED_NOT_DONE: ended,
}

async function stepFor(needs: AskDependencies, visit: Visit, approval: Approval): Promise<Step> {
  if (await settleOverdue(approval, needs.advance)) return 'again'
  return steps[approval.state](needs, visit, approval)
}

/** Rules that were published since it was asked. Never older ones: a held call's decision may be behind the row. */
const isRevised = async (
  { reconcile }: AskDependencies,
  { intent }: Visit,
  approval: Approval,
): Promise<boolean> =>
  intent.decision.policyVersion > approval.policyVersion && (await reconcile(intent, approval))

const isOpen = ({ state }: Approval): boolean =>
  state === 'PENDING' || state === 'APPROVED' || state === 'EXECUTING'

async function claimed(
  { claim }: AskDependencies,
  { intent }: Visit,
  approval: Approval,
): Promise<Step> {
  const answer = await claim(intent, approval)
  return answer === 'waived' ? { state: 'waived' } : answer
}

async function repeated(
  { replay, openData }: AskDependencies,
  { intent, isBound }: Visit,
  approval: Approval,
): Promise<Step> {
  const answer = await replay(intent.call, approval, isBound)
  return answer === 'kept_no_more' ? refused(approval, openData) : (answer ?? 'open')
}

function ended({ openData }: AskDependencies, visit: Visit, approval: Approval) {
  return isStillSaid(approval, visit) ? refused(approval, openData) : 'open'
}

/** For how long an end answers the same call again. An end that came while the call waited always does, once. */
const saidForMs: Partial<Record<ApprovalState, number>> = {
  DENIED: REPEATED_MS,
  EXPIRED: REPEATED_MS,
  OUTCOME_UNKNOWN: BLOCKED_MS,
}

const isStillSaid = (approval: Approval, { isAttached }: Visit): boolean =>
  isAttached || approval.nowMs - approval.changedAtMs < (saidForMs[approval.state] ?? 0)

/** Someone else may have opened it at the same moment; then theirs is found next. */
async function openOnce(open: () => Promise<void>): Promise<void> {
  try {
    await open()
  } catch (error) {
    if (!isCoreError(error, 'conflict')) throw error
  }
}
