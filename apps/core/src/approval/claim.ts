import { CoreError } from '../ground/errors.ts'
import { canonicalJson } from '../ground/canonical-json.ts'
import type { ApprovalClaim } from '../model/approval.ts'
import type { Decision } from '../model/decision.ts'
import { allowed, seenOf, type Advance, type VoidReason } from './advance.ts'
import { yesVotes, type Approval } from './approval.ts'
import { bindOf, chainOf, commitmentTo, keptArguments, shownArguments } from './binding.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import { eligibilityOf, isQuorum } from './eligibility.ts'
import { approvalEvent } from './events.ts'
import type { Intent } from './open.ts'
import { ifUnchanged } from './overdue.ts'
import { placeOfArguments } from './places.ts'
import { isSameRequest } from './terms.ts'
import type { Reconcile } from './reconcile.ts'

/** A claim ends by itself unless its worker says that it is still there. */
export const LEASE_MS = 30_000

/** `again`: something changed, and was written down; look at the approval anew. */
export type Claimed = ApprovalClaim | 'again' | 'waived'

/**
 * Takes the right to run an approved call once, after everything it was bound to has been looked at again (APR-12).
 * What is not so any more voids the approval.
 */
export type Claim = (intent: Intent, approval: Approval) => Promise<Claimed>

type ClaimDependencies = Pick<
  ApprovalDependencies,
  'store' | 'draft' | 'openData' | 'directory' | 'redecide' | 'targetOf'
> &
  Readonly<{ advance: Advance; reconcile: Reconcile }>

export function createClaim(needs: ClaimDependencies): Claim {
  const { store, draft, advance, reconcile, redecide, directory } = needs

  async function voided(approval: Approval, voidReason: VoidReason): Promise<boolean> {
    return ifUnchanged(() => advance(approval, 'void', { voidReason }))
  }

  return async function claim(intent, approval) {
    const decision = redecide(intent.principal, intent.call)
    if (decision.effect !== 'require_approval') {
      const isActive = await directory.isActive(intent.principal)
      const voidReason = isActive ? reasons[decision.effect] : 'principal_inactive'
      const isVoid = await voided(approval, voidReason)
      const isWaived = voidReason === 'policy_allows' && approval.sentFence === undefined
      return isVoid && isWaived ? 'waived' : 'again'
    }
    if (decision.policyVersion < approval.policyVersion) throw new CoreError('policy_stale')
    if (await reconcile({ ...intent, decision }, approval)) return 'again'
    const isSame = isSameRequest(approval, decision)
    const voidReason = isSame ? await findObstacle(needs, intent, approval) : 'policy_changed'
    if (voidReason) {
      await voided(approval, voidReason)
      return 'again'
    }
    await assertBound(needs, { ...intent, decision }, approval)
    return take(store, draft, intent, approval)
  }
}

/** Why nobody needs to be asked any more. */
const reasons = { allow: 'policy_allows', deny: 'policy_denies' } as const

/** What is not as it was when people voted. */
async function findObstacle(
  { directory, targetOf }: ClaimDependencies,
  { principal, call }: Intent,
  approval: Approval,
): Promise<VoidReason | undefined> {
  if (!(await directory.isActive(principal))) return 'principal_inactive'
  const target = await targetOf(call)
  if (target?.serverHash !== approval.target.serverHash) return 'server_changed'
  if (target.pin !== approval.target.pin) return 'definition_changed'
  if (target.connection !== approval.target.connection) return 'connection_changed'
  const people = await directory.people(approval.workspaceId)
  const contest = { principal: approval.principal, terms: approval.terms, people }
  const voters = yesVotes(approval).map(({ voterId }) => voterId)
  const areEligible = voters.every((voter) => eligibilityOf(voter, contest) === 'eligible')
  return areEligible && isQuorum(voters, contest) ? undefined : 'approver_ineligible'
}

/**
 * The call at hand is the one that was shown, and nobody edited the row. A mismatch is not a change of circumstances
 * but a defect or an attack, so it ends in an error and leaves the row as evidence.
 *
 * @throws CoreError `revision_changed`
 */
async function assertBound(
  { openData }: ClaimDependencies,
  { principal, call, decision }: Intent & Readonly<{ decision: Decision }>,
  approval: Approval,
): Promise<void> {
  const kept = await openData(placeOfArguments(approval), approval.sealedArgs)
  const bind = bindOf({
    approvalId: approval.id,
    revision: approval.revision,
    principal: chainOf(principal),
    call,
    target: approval.target,
    argsCommitment: commitmentTo(kept),
    policyVersion: decision.policyVersion,
    matched: decision.matched,
    terms: approval.terms,
  })
  const isShown = canonicalJson(keptArguments(kept)) === canonicalJson(shownArguments(call))
  if (bind !== approval.bind || !isShown) {
    throw new CoreError('revision_changed')
  }
}

async function take(
  store: ClaimDependencies['store'],
  draft: ClaimDependencies['draft'],
  { principal, call }: Intent,
  approval: Approval,
): Promise<Claimed> {
  const { record } = allowed(approval, 'claim')
  const fence = approval.fence + 1
  const attempt = approval.attempt + 1
  const { workspaceId, id, version } = seenOf(approval)
  const executing = approvalEvent(draft, record, approval, {
    actorId: principal.agent.id,
    facts: { state: 'EXECUTING', fence, attempt, bind: approval.bind, call_id: call.id },
  })
  let leaseUntilMs = 0
  const isOurs = await ifUnchanged(async () => {
    const taken = await store.command(
      'approval.claim',
      {
        workspaceId,
        id,
        version,
        bind: approval.bind,
        fence,
        attempt,
        callId: call.id,
        leaseMs: LEASE_MS,
      },
      [executing],
    )
    leaseUntilMs = taken.leaseUntilMs
  })
  return isOurs ? { approvalId: id, attempt, fence, leaseUntilMs } : 'again'
}
