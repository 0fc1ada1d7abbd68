import type { AuditEventType, AuditOutcome } from '@peta/contract'

export type { AuditOutcome } from '@peta/contract'

/**
 * One event on its way to the log. `fields` is a JSON object without its braces, already in the fixed order of
 * the format (AUD-11), serialised once by `audit/event.ts`: those bytes are what is hashed and stored. The writer
 * adds `v`, `id`, `log_id`, `idx`, `ts` in front. The other members are copies for indexes.
 */
export type AuditDraft = Readonly<{
  id: string
  tsMs: number
  workspaceId: string
  type: AuditEventType
  outcome?: AuditOutcome
  actorId?: string
  target?: string
  /** Id of the event that this one completes: the intent of an outcome. */
  causeId?: string
  fields: string
}>

/** Written with every change of state, in its transaction. There is no way to change state without one (STO-36). */
export type AuditDrafts = readonly [AuditDraft, ...AuditDraft[]]
