import { canonicalJson } from '../ground/canonical-json.ts'
import { allowed, seenOf } from './advance.ts'
import type { Approval } from './approval.ts'
import { bindOf } from './binding.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import { approvalEvent } from './events.ts'
import { transition } from './machine.ts'
import type { Intent } from './open.ts'
import { ifUnchanged } from './overdue.ts'
import { placeOfArguments } from './places.ts'
import { isSameRequest, termsOf } from './terms.ts'

/**
 * Brings an open approval up to a decision that asks for a person: the same request is bound to the new version and
 * keeps its votes; any other is a new revision, for which everyone votes anew (APR-11). True when it wrote something.
 */
export type Reconcile = (intent: Intent, approval: Approval) => Promise<boolean>

type ReconcileDependencies = Pick<ApprovalDependencies, 'store' | 'draft' | 'sealData' | 'openData'>

export function createReconcile(needs: ReconcileDependencies): Reconcile {
  return async function reconcile({ decision }, approval) {
    if (isSameRequest(approval, decision)) {
      if (approval.policyVersion === decision.policyVersion) return false
      await ifUnchanged(() => rebind(needs, approval, decision))
      return true
    }
    // Something may have left under the old terms: only a claim, a lease or a deadline decides about that.
    if ('refused' in transition(approval, 'revise', approval.nowMs)) return false
    await ifUnchanged(() => revise(needs, approval, decision))
    return true
  }
}

async function rebind(
  { store, draft }: ReconcileDependencies,
  approval: Approval,
  decision: Intent['decision'],
): Promise<void> {
  const asked = revisionOf(approval, decision, approval.revision)
  const revised = approvalEvent(draft, 'approval.revised', approval, {
    facts: { state: approval.state, bind: asked.bind, policy_version: decision.policyVersion },
  })
  await store.command('approval.rebind', { seen: seenOf(approval), asked }, [revised])
}

async function revise(
  { store, draft, sealData, openData }: ReconcileDependencies,
  approval: Approval,
  decision: Intent['decision'],
): Promise<void> {
  const { record } = allowed(approval, 'revise')
  const next = { ...approval, revision: approval.revision + 1 }
  const kept = await openData(placeOfArguments(approval), approval.sealedArgs)
  const asked = {
    ...revisionOf(approval, decision, next.revision),
    args: await sealData(placeOfArguments(next), kept),
    args_commitment: approval.argsCommitment,
  }
  const revised = approvalEvent(draft, record, next, {
    facts: { state: 'PENDING', bind: asked.bind, policy_version: decision.policyVersion },
  })
  await store.command(
    'approval.revise',
    { seen: seenOf(approval), asked, decideForMs: termsOf(decision).decideByMs },
    [revised],
  )
}

function revisionOf(approval: Approval, decision: Intent['decision'], revision: number) {
  const { workspaceId, id, server, method, name, principal, target, argsCommitment } = approval
  const bound = {
    approvalId: id,
    revision,
    principal,
    call: { workspaceId, method, name, server },
    target,
    argsCommitment,
    policyVersion: decision.policyVersion,
    matched: decision.matched,
    terms: termsOf(decision),
  }
  return {
    workspace_id: workspaceId,
    approval_id: id,
    revision,
    bind: bindOf(bound),
    target: canonicalJson(target),
    policy_version: decision.policyVersion,
    matched: canonicalJson(decision.matched),
    terms: canonicalJson(bound.terms),
  }
}
