import type { Call } from '../model/call.ts'
import type { CallClearance } from '../model/clearance.ts'
import type { Append } from './backlog.ts'
import type { Draft } from './event.ts'
import { isReadOnly } from '../model/read-only.ts'

/**
 * Says durably that a call is about to leave, right before it does. What may change something is said every time; of
 * what only reads the decision tells the first send, and each further one is said (AUD-23, AUD-25).
 *
 * @throws CoreError `audit_unavailable`; then nothing may be sent
 */
export type RecordSend = (
  clearance: Pick<CallClearance, 'call' | 'principal'>,
  attempt: number,
) => Promise<void> | void

export function createRecordSend({
  append,
  draft,
}: Readonly<{ append: Append; draft: Draft }>): RecordSend {
  return function recordSend({ call, principal }, attempt) {
    if (attempt === 1 && readsOnly(call)) return undefined
    const event = draft({
      type: 'call.sent',
      workspaceId: call.workspaceId,
      actorId: principal.agent.id,
      target: call.item?.exposed ?? call.name,
      fields: { request: { call_id: call.id, attempt } },
    })
    return append([event])
  }
}

const readsOnly = ({ action, item }: Call): boolean => action !== 'tool.call' || isReadOnly(item)
