import { isCoreError } from '../ground/errors.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { LogAppender, LogConnection } from './appender.ts'
import { answeredBefore, rememberAnswer } from './idempotency.ts'
import { runCommand, type Handles } from './run-named.ts'
import { storeError } from './store-error.ts'
import type { WriteCommand, WriteReply, WriteRequest } from './write-request.ts'

/** One connection that may write, and what differs between the engines about it. */
export type WriterConnection = Handles &
  LogConnection &
  Readonly<{
    /** Begins and gives the engine's one clock: the instant the caller gave, or the database's own (STO-37). */
    begin: (callerMs: number) => Promise<number>
    commit: () => Promise<void>
    rollback: () => Promise<void>
    savepoint: (verb: 'savepoint' | 'release savepoint' | 'rollback to savepoint') => Promise<void>
    /** A fresh attempt may get past it: a lock, a deadlock. */
    isRetryable: (error: unknown) => boolean
    /** The transaction is gone with it: disk full, connection lost. */
    isFatal: (error: unknown) => boolean
  }>

export type Outcome = Readonly<{
  request: WriteRequest
  reply: WriteReply
  isRetryable: boolean
}>

type Parts = Readonly<{ connection: WriterConnection; appender: LogAppender }>

/**
 * Runs requests in one transaction. Each command has a savepoint, so a failing one is undone alone and its events are
 * dropped; the events of the others are appended to the log at the end. When the transaction itself fails, every
 * request has failed.
 */
export async function runBatch(
  { connection, appender }: Parts,
  batch: Iterable<WriteRequest>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const taken: WriteRequest[] = []
  let isCommitting = false
  try {
    let nowMs = 0
    for (const request of batch) {
      if (taken.push(request) === 1) nowMs = await connection.begin(request.nowMs)
      outcomes.push(await runRequest(connection, request, nowMs))
    }
    const drafts = draftsOf(outcomes)
    const staged =
      drafts.length > 0 ? await appender.append(connection, drafts, { nowMs }) : undefined
    isCommitting = true
    await connection.commit()
    staged?.committed()
    return outcomes
  } catch (cause) {
    await connection.rollback().catch(() => undefined)
    // Nobody knows whether a commit that broke off counted: the log has to find out where it stands.
    if (isCommitting) appender.forget()
    taken.push(...batch)
    const isRepeatable = ({ command, drafts }: WriteRequest): boolean =>
      connection.isRetryable(cause) ||
      // A command with an id can be asked again in any case: it looks first whether it ran (STO-34).
      (isCommitting && command?.requestId !== undefined) ||
      // What needs no record does not fail with those that cannot be recorded.
      (drafts.length === 0 && isCoreError(cause, 'audit_unavailable'))
    return taken.map((request) => failed(request, cause, isRepeatable(request)))
  }
}

/** Events of commands that succeeded, in the order of asking. What was answered before has its events already. */
function draftsOf(outcomes: readonly Outcome[]): readonly AuditDraft[] {
  return outcomes
    .filter(({ reply }) => !('error' in reply) && !('isRepeated' in reply))
    .flatMap(({ request }) => request.drafts)
}

async function runRequest(
  connection: WriterConnection,
  request: WriteRequest,
  nowMs: number,
): Promise<Outcome> {
  const { seq, command } = request
  if (!command) return { request, reply: { seq, result: undefined }, isRetryable: false }
  await connection.savepoint('savepoint')
  try {
    const reply = { seq, ...(await runOnce(connection, request, command, nowMs)) }
    await connection.savepoint('release savepoint')
    return { request, reply, isRetryable: false }
  } catch (cause) {
    if (connection.isFatal(cause)) throw cause
    await connection.savepoint('rollback to savepoint')
    await connection.savepoint('release savepoint')
    return failed(request, cause, connection.isRetryable(cause))
  }
}

type Answered = Readonly<{ result: unknown; isRepeated?: true }>

async function runOnce(
  connection: WriterConnection,
  { drafts }: WriteRequest,
  command: WriteCommand,
  nowMs: number,
): Promise<Answered> {
  const { name, args, requestId } = command
  const workspaceId = drafts[0]?.workspaceId
  if (requestId === undefined || workspaceId === undefined) {
    return { result: await runCommand(connection, { name, args, nowMs }) }
  }
  const key = { workspaceId, requestId, command }
  const before = await answeredBefore(connection.db, key)
  if (before) return { result: before.result, isRepeated: true }
  const result = await runCommand(connection, { name, args, nowMs })
  await rememberAnswer(connection.db, { ...key, result, nowMs })
  return { result }
}

const failed = (request: WriteRequest, cause: unknown, isRetryable: boolean): Outcome => ({
  request,
  reply: { seq: request.seq, error: storeError(cause) },
  isRetryable,
})
