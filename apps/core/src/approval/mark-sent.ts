import { CoreError } from '../ground/errors.ts'
import type { CallClearance } from '../model/clearance.ts'
import { displayId } from '../model/display-id.ts'
import type { ApprovalDependencies } from './dependencies.ts'

/**
 * The last thing before the first byte of an approved call leaves: durable, and only for a claim that is still held.
 * A call that nobody had to approve passes.
 *
 * @throws CoreError `lease_lost` when the claim is over or taken back; then nothing may be sent
 */
export type MarkSent = (clearance: CallClearance) => Promise<void>

export function createMarkSent({
  store,
  draft,
}: Pick<ApprovalDependencies, 'store' | 'draft'>): MarkSent {
  return async function markSent({ call, claim, principal }) {
    if (!claim) return
    const { approvalId, fence, attempt } = claim
    const sent = draft({
      type: 'call.sent',
      workspaceId: call.workspaceId,
      actorId: principal.agent.id,
      target: call.name,
      fields: {
        server: { id: call.server.id },
        approval: { id: approvalId, code: displayId(approvalId), fence, attempt },
        call_id: call.id,
      },
    })
    try {
      await store.command(
        'approval.markSent',
        { workspaceId: call.workspaceId, id: approvalId, fence },
        [sent],
      )
    } catch (cause) {
      throw new CoreError('lease_lost', {}, { cause })
    }
  }
}
