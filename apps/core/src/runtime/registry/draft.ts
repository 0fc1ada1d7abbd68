import type { AuditEventType } from '@peta/contract'

import type { AuditDraft, AuditOutcome } from '../../model/audit-event.ts'

/** Turns what happened into an event of the audit log. The audit stage supplies it. */
export type Draft = (
  event: Readonly<{
    type: AuditEventType
    workspaceId: string
    outcome?: AuditOutcome
    actorId?: string
    target?: string
    fields?: Readonly<Record<string, unknown>>
  }>,
) => AuditDraft
