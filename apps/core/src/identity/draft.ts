import type { AuditEventType } from '@peta/contract'

import type { AuditDraft, AuditOutcome } from '../model/audit-event.ts'

/** Gives an event its id, time and text; the audit stage supplies it. */
export type DraftEvent = (
  event: Readonly<{
    type: AuditEventType
    workspaceId: string
    outcome?: AuditOutcome
    actorId?: string
    target?: string
    fields?: Readonly<Record<string, unknown>>
  }>,
) => AuditDraft
