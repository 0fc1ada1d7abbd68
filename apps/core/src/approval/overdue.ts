import { isCoreError } from '../ground/errors.ts'
import type { Advance } from './advance.ts'
import type { Approval } from './approval.ts'
import { isOverdue, type ApprovalEvent } from './machine.ts'

/** What time alone has done to an approval: a deadline passed, or a worker stopped saying that it is there (APR-37). */
function dueEvent(approval: Approval): ApprovalEvent | undefined {
  if (isOverdue(approval, approval.nowMs)) return 'expire'
  if (approval.state !== 'EXECUTING' || approval.leaseUntilMs > approval.nowMs) return undefined
  return approval.sentFence === approval.fence ? 'lose' : 'release'
}

/** Writes down what time has done. True when the approval has to be read again. */
export async function settleOverdue(approval: Approval, advance: Advance): Promise<boolean> {
  const event = dueEvent(approval)
  if (!event) return false
  await ifUnchanged(() => advance(approval, event))
  return true
}

/** Does `change`; false when someone else was faster, which is no failure: they recorded what they did. */
export async function ifUnchanged(change: () => Promise<void>): Promise<boolean> {
  try {
    await change()
    return true
  } catch (error) {
    if (isCoreError(error, 'conflict')) return false
    throw error
  }
}
