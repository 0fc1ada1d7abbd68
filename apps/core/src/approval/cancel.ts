import type { Principal } from '../model/principal.ts'
import type { Advance } from './advance.ts'
import type { Find } from './find.ts'
import { transition } from './machine.ts'
import { ifUnchanged, settleOverdue } from './overdue.ts'

/** The agent that asked does not want it any more. What runs already, or has ended, stays as it is. */
export type Cancel = (principal: Principal, approvalId: string) => Promise<void>

export function createCancel({
  find,
  advance,
}: Readonly<{ find: Find; advance: Advance }>): Cancel {
  return async function cancel({ workspaceId, agent }, approvalId) {
    for (;;) {
      const approval = await find.byId(workspaceId, approvalId)
      if (approval?.principal.agentId !== agent.id) return
      if (await settleOverdue(approval, advance)) continue
      if ('refused' in transition(approval, 'withdraw', approval.nowMs)) return
      if (await ifUnchanged(() => advance(approval, 'withdraw', { actorId: agent.id }))) return
    }
  }
}
