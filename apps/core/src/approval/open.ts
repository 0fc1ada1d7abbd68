import { canonicalJson } from '../ground/canonical-json.ts'
import { CoreError, isCoreError } from '../ground/errors.ts'
import type { Call } from '../model/call.ts'
import type { Decision } from '../model/decision.ts'
import { displayId } from '../model/display-id.ts'
import type { Principal } from '../model/principal.ts'
import {
  argumentsToKeep,
  bindOf,
  chainOf,
  commitmentTo,
  shownArguments,
  type Target,
} from './binding.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import { canBeDecided } from './eligibility.ts'
import { approvalEvent } from './events.ts'
import { placeOfArguments } from './places.ts'
import { termsOf } from './terms.ts'

export type Intent = Readonly<{ principal: Principal; call: Call; decision: Decision }>

/**
 * Writes the row that a person will decide on.
 *
 * @throws CoreError `no_eligible_approver`, `approval_limited`, `definition_changed`; `conflict` when the same call
 *   has an open approval already
 */
export type Open = (intent: Intent, callKey: string) => Promise<void>

const LIMITS = {
  openPerAgent: 10,
  openPerWorkspace: 200,
  newPerAgentHour: 30,
  newPerCallMinute: 3,
} as const

const RETRY_AFTER_S = 60

type OpenDependencies = Pick<
  ApprovalDependencies,
  'store' | 'newId' | 'draft' | 'sealData' | 'directory' | 'targetOf'
>

export function createOpen(needs: OpenDependencies): Open {
  const { store, newId, draft, directory, targetOf } = needs
  return async function open(intent, callKey) {
    const { principal, call, decision } = intent
    const people = await directory.people(call.workspaceId)
    const terms = termsOf(decision)
    if (!canBeDecided({ principal: chainOf(principal), terms, people })) {
      throw new CoreError('no_eligible_approver')
    }
    const target = await targetOf(call)
    if (!target) throw new CoreError('definition_changed')

    const id = newId('apr')
    const asked = await writeRevision(needs, intent, { id, target })
    const approval = rowOf(intent, { id, callKey, bind: asked.bind })
    const facts = { state: 'PENDING', bind: asked.bind, args_commitment: asked.args_commitment }
    const requested = approvalEvent(draft, 'approval.requested', referenceTo(call, id), {
      actorId: principal.agent.id,
      facts,
    })
    try {
      await store.command(
        'approval.open',
        { approval, asked, decideForMs: terms.decideByMs, limits: LIMITS },
        [requested],
      )
    } catch (error) {
      if (!isCoreError(error, 'approval_limited')) throw error
      const flood = approvalEvent(draft, 'approval.flood', referenceTo(call, id), {
        actorId: principal.agent.id,
        facts: { limit: error.facts['limit'] },
      })
      await store.append([flood])
      throw new CoreError('approval_limited', { retryAfterS: RETRY_AFTER_S }, { cause: error })
    }
  }
}

const referenceTo = ({ workspaceId, server, name }: Call, id: string) => ({
  workspaceId,
  id,
  code: displayId(id),
  revision: 1,
  server,
  name,
})

/** What is asked, with the arguments encrypted and committed to. */
async function writeRevision(
  { sealData }: Pick<OpenDependencies, 'sealData'>,
  { principal, call, decision }: Intent,
  { id, target }: Readonly<{ id: string; target: Target }>,
) {
  const revision = 1
  const kept = argumentsToKeep(shownArguments(call))
  const argsCommitment = commitmentTo(kept)
  const bound = {
    approvalId: id,
    revision,
    principal: chainOf(principal),
    call,
    target,
    argsCommitment,
    policyVersion: decision.policyVersion,
    matched: decision.matched,
    terms: termsOf(decision),
  }
  return {
    workspace_id: call.workspaceId,
    approval_id: id,
    revision,
    bind: bindOf(bound),
    args: await sealData(placeOfArguments({ workspaceId: call.workspaceId, id, revision }), kept),
    args_commitment: argsCommitment,
    target: canonicalJson(target),
    policy_version: decision.policyVersion,
    matched: canonicalJson(decision.matched),
    terms: canonicalJson(bound.terms),
  }
}

const rowOf = (
  { principal, call }: Intent,
  { id, callKey, bind }: Readonly<{ id: string; callKey: string; bind: string }>,
) => ({
  workspace_id: call.workspaceId,
  id,
  code: displayId(id),
  call_key: callKey,
  bind,
  agent_id: principal.agent.id,
  agent_name: principal.agent.name,
  owner_id: principal.agent.ownerId,
  user_id: principal.user?.id ?? null,
  token_id: principal.tokenId,
  server_id: call.server.id,
  server_slug: call.server.slug,
  method: call.method,
  name: call.name,
  risk: call.item?.risk ?? 0,
  labels: canonicalJson(call.item?.labels ?? []),
  resendable: Number(isResendable(call)),
})

/** Only an administrator's label says so; what a server claims of itself never counts (APR-37). */
const isResendable = ({ item }: Call): boolean =>
  item?.labels.some((label) => label === 'read' || label === 'idempotent') === true &&
  !item.labels.includes('destructive')
