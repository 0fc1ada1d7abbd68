import { isCoreError } from '../ground/errors.ts'
import type { ApprovalStatus } from '../model/approval.ts'
import type { Principal } from '../model/principal.ts'
import type { Approval } from './approval.ts'
import type { Find } from './find.ts'
import { statusOf } from './status.ts'

/** How an approval stands, for the agent that asked and nobody else. */
export type Progress = (
  principal: Principal,
  /** Its id, or the code that people say. */
  reference: string,
) => Promise<ApprovalStatus | undefined>

export const createProgress =
  ({ find }: Readonly<{ find: Find }>): Progress =>
  async ({ workspaceId, agent }, reference) => {
    const approval = await lookedUp(find.byReference(workspaceId, reference))
    return approval?.principal.agentId === agent.id ? statusOf(approval) : undefined
  }

/** Undefined where there is none of this name. */
async function lookedUp(look: Promise<Approval>): Promise<Approval | undefined> {
  try {
    return await look
  } catch (error) {
    if (isCoreError(error, 'not_found')) return undefined
    throw error
  }
}
