import type { AuditEventType } from '@peta/contract'

import type { AuditDraft, AuditOutcome } from '../model/audit-event.ts'
import type { Summary } from './approval.ts'
import type { Draft } from './dependencies.ts'

const outcomes: Partial<Record<AuditEventType, AuditOutcome>> = {
  'approval.requested': 'pending',
  'approval.vote_recorded': 'pending',
  'approval.revised': 'pending',
  'approval.approved': 'approved',
  'approval.denied': 'denied',
  'approval.cancelled': 'denied',
  'approval.revoked': 'denied',
  'approval.void': 'denied',
  'approval.flood': 'denied',
  'approval.expired': 'expired',
  'approval.completed': 'executed',
  'approval.failed': 'failed',
  'approval.outcome_unknown': 'unknown',
}

/** Who did it, and what the log keeps of it. Never arguments, results or comments: those can be erased, this cannot. */
export type EventDetails = Readonly<{ actorId?: string; facts?: Readonly<Record<string, unknown>> }>

/** The event of one approval. */
export function approvalEvent(
  draft: Draft,
  type: AuditEventType,
  approval: Pick<Summary, 'workspaceId' | 'id' | 'code' | 'revision' | 'server' | 'name'>,
  { actorId, facts }: EventDetails = {},
): AuditDraft {
  const outcome = outcomes[type]
  return draft({
    type,
    workspaceId: approval.workspaceId,
    target: approval.name,
    ...(outcome && { outcome }),
    ...(actorId !== undefined && { actorId }),
    fields: {
      server: { id: approval.server.id },
      approval: { id: approval.id, code: approval.code, revision: approval.revision, ...facts },
    },
  })
}
