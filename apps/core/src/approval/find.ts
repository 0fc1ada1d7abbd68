import { CoreError } from '../ground/errors.ts'
import { toApproval, type Approval } from './approval.ts'
import type { ApprovalDependencies } from './dependencies.ts'

/** Reads one approval of a workspace, as it is now. */
export type Find = Readonly<{
  /** By id, or by the code people say. @throws CoreError `not_found` */
  byReference: (workspaceId: string, reference: string) => Promise<Approval>
  byId: (workspaceId: string, id: string) => Promise<Approval | undefined>
  /** The newest one of the same intent. */
  ofCall: (workspaceId: string, callKey: string) => Promise<Approval | undefined>
}>

const CODE = /^APR-[0-9A-F]{8}$/

export function createFind({ store }: Pick<ApprovalDependencies, 'store'>): Find {
  async function byId(workspaceId: string, id: string): Promise<Approval | undefined> {
    const snapshot = await store.query('approval.byId', { workspaceId, id })
    return snapshot && toApproval(snapshot)
  }

  return {
    byId,
    async byReference(workspaceId, reference) {
      const code = reference.toUpperCase()
      const id = CODE.test(code)
        ? await store.query('approval.idOfCode', { workspaceId, code })
        : reference
      const approval = id === undefined ? undefined : await byId(workspaceId, id)
      if (!approval) throw new CoreError('not_found')
      return approval
    },
    async ofCall(workspaceId, callKey) {
      const snapshot = await store.query('approval.ofCall', { workspaceId, callKey })
      return snapshot && toApproval(snapshot)
    },
  }
}
