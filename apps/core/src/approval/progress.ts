import type { ApprovalStatus } from '../model/approval.ts'
import type { Principal } from '../model/principal.ts'
import type { Find } from './find.ts'
import { statusOf } from './status.ts'

/** How an approval stands, for the agent that asked and nobody else. */
export type Progress = (
  principal: Principal,
  approvalId: string,
) => Promise<ApprovalStatus | undefined>

export const createProgress =
  ({ find }: Readonly<{ find: Find }>): Progress =>
  async ({ workspaceId, agent }, approvalId) => {
    const approval = await find.byId(workspaceId, approvalId)
    return approval?.principal.agentId === agent.id ? statusOf(approval) : undefined
  }
