import type { AuditDraft } from '../model/audit-event.ts'
import type { LogAppender } from './appender.ts'
import { runOperation, type Db } from './operation.ts'
import { commands } from './operations.ts'
import { storeError } from './store-error.ts'
import type { CommandName } from './store.ts'

/** One connection that may write, and what differs between the engines about it. */
export type WriterConnection = Readonly<{
  db: Db
  begin: () => Promise<void>
  commit: () => Promise<void>
  rollback: () => Promise<void>
  savepoint: (verb: 'savepoint' | 'release savepoint' | 'rollback to savepoint') => Promise<void>
  /** The engine's one clock: the instant the caller gave, or the database's own. */
  nowMs: (callerMs: number) => number | Promise<number>
  /** The engine's code of an error that a fresh attempt may get past. */
  isRetryable: (error: unknown) => boolean
}>

/** One command with its events, or events alone. */
export type WriteJob = Readonly<{
  name?: CommandName
  args?: unknown
  drafts: readonly AuditDraft[]
  nowMs: number
  /** Called once, after COMMIT returned or everything was undone. */
  answer: (answer: WriteAnswer) => void
}>

export type WriteAnswer = Readonly<{ result: unknown } | { error: unknown }>

export type Writer = Readonly<{
  push: (job: WriteJob) => void
  /** Resolves when nothing is queued or under way. */
  quiet: () => Promise<void>
}>

export type WriterParts = Readonly<{
  connection: WriterConnection
  appender: LogAppender
  /** Waits before another attempt; injected, so that tests need not. */
  pause: (ms: number) => Promise<void>
}>

const BATCH_JOBS_MAX = 500
const ATTEMPTS_MAX = 5
const PAUSE_MS = 10

type Done = { readonly job: WriteJob; answer: WriteAnswer; isRetryable: boolean }

/**
 * Group commit, the same for both engines (STO-31): whatever is queued when the writer is free becomes one
 * transaction. Each command has a savepoint, so a failing one is undone alone with its events; the events of the others
 * are appended to the log at the end of the same transaction. Nobody is answered before COMMIT returned.
 */
export function createWriter({ connection, appender, pause }: WriterParts): Writer {
  const queue: WriteJob[] = []
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (queue.length > 0) await attempt(queue.splice(0, BATCH_JOBS_MAX))
    running = undefined
  }

  async function attempt(jobs: readonly WriteJob[]): Promise<void> {
    let waiting = jobs
    for (let tries = 1; waiting.length > 0; tries += 1) {
      const done = await commitBatch(connection, appender, waiting)
      const again = tries < ATTEMPTS_MAX ? done.filter((one) => one.isRetryable) : []
      for (const one of done) if (!again.includes(one)) one.job.answer(one.answer)
      waiting = again.map((one) => one.job)
      if (waiting.length > 0) await pause(PAUSE_MS * 2 ** tries)
    }
  }

  return {
    push(job) {
      queue.push(job)
      running ??= Promise.resolve().then(run)
    },
    async quiet() {
      while (running) await running
    },
  }
}

/** Runs all jobs in one transaction; when the transaction itself fails, every job has failed. */
async function commitBatch(
  connection: WriterConnection,
  appender: LogAppender,
  jobs: readonly WriteJob[],
): Promise<readonly Done[]> {
  try {
    await connection.begin()
    const nowMs = await connection.nowMs(Math.max(...jobs.map((job) => job.nowMs)))
    const done: Done[] = []
    for (const job of jobs) done.push(await runJob(connection, job, nowMs))
    const drafts = done.flatMap(({ job, answer }) => ('error' in answer ? [] : job.drafts))
    const staged =
      drafts.length > 0 ? await appender.append(connection.db, drafts, { nowMs }) : undefined
    await connection.commit()
    staged?.committed()
    return done
  } catch (cause) {
    const isRetryable = connection.isRetryable(cause)
    await connection.rollback().catch(() => undefined)
    return jobs.map((job) => ({ job, answer: { error: storeError(cause) }, isRetryable }))
  }
}

/** A lone append needs no savepoint: it has nothing of its own to undo. */
async function runJob(connection: WriterConnection, job: WriteJob, nowMs: number): Promise<Done> {
  if (job.name === undefined) return { job, answer: { result: undefined }, isRetryable: false }
  await connection.savepoint('savepoint')
  try {
    const result = await runOperation(commands[job.name], connection.db, job.args, { nowMs })
    await connection.savepoint('release savepoint')
    return { job, answer: { result }, isRetryable: false }
  } catch (cause) {
    await connection.savepoint('rollback to savepoint')
    return { job, answer: { error: storeError(cause) }, isRetryable: connection.isRetryable(cause) }
  }
}
