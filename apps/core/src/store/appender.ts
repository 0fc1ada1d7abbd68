import type { AuditDraft } from '../model/audit-event.ts'
import type { AdvanceLog } from './log-batch.ts'
import type { Db, OperationContext } from './operation.ts'

/** The writer's transaction, as far as the log needs it. */
export type LogConnection = Readonly<{ db: Db; advanceLog: AdvanceLog }>

/**
 * Turns drafts into entries of the audit log inside the writer's transaction. A port, because the log's form is
 * the audit stage's business and the transaction is the store's.
 */
export type LogAppender = Readonly<{
  /**
   * Called once per batch, after its commands, with the drafts of those that succeeded.
   *
   * @throws CoreError `audit_unavailable` when the log cannot be written; the whole batch then rolls back
   */
  append: (
    connection: LogConnection,
    drafts: readonly AuditDraft[],
    context: OperationContext,
  ) => Promise<StagedAppend>

  /** What it needs to write; until then `append` fails. Plain data, since it may come from another thread. */
  arm: (config: AppenderConfig) => void

  /** A commit broke off and nobody knows whether it counted: the next append finds out where the log stands. */
  forget: () => void
}>

/** `committed` moves the in-memory frontier; without it the next append continues from the old one. */
export type StagedAppend = Readonly<{ committed: () => void }>

/** Plain data, since it crosses to the writer's thread. */
export type AppenderConfig = Readonly<{
  deploymentId: string
  instanceId: string
  seed: Uint8Array
}>
