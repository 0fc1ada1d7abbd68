import type { AuditTables } from './families/audit.ts'

/** What one batch adds to a log of the audit: all of it, or nothing. */
export type LogBatch = Readonly<{
  logId: string
  from: number
  to: number
  closedAt: number | null
  entries: readonly Readonly<AuditTables['audit_event']>[]
  tiles: readonly Readonly<{ level: number; n: number; hashes: Uint8Array }>[]
  checkpoint: Readonly<{ root: Uint8Array; note: string }>
}>

/**
 * Moves a log from one durable size to the next, inside the writer's transaction. The one write that every call waits
 * for, so each engine has it in the form that is cheapest there (STO-2).
 *
 * False, with nothing written, when another writer took the log over: the row of the log stays locked until commit, so
 * a writer that lost its log can commit nothing (AUD-30).
 */
export type AdvanceLog = (batch: LogBatch) => Promise<boolean>
