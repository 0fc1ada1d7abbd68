import type { LogAppender } from './appender.ts'
import { runBatch, type Outcome, type WriterConnection } from './write-batch.ts'
import { createWriteQueue } from './write-queue.ts'
import type { WriteReply, WriteRequest } from './write-request.ts'

export type Writer = Readonly<{
  push: (requests: readonly WriteRequest[]) => void
  /** Resolves when nothing is queued or under way. */
  quiet: () => Promise<void>
}>

export type WriterParts = Readonly<{
  connection: WriterConnection
  appender: LogAppender
  /** Called after COMMIT returned, or after everything was undone, with the replies of a batch. */
  reply: (replies: readonly WriteReply[]) => void
  monotonicUs: () => number
  /** Waits before another attempt. */
  pause: (ms: number) => Promise<void>
}>

const ATTEMPTS_MAX = 5
const PAUSE_MIN_MS = 10
const PAUSE_MAX_MS = 500

/**
 * Group commit, the same for both engines (STO-31): whatever is queued when the writer is free becomes one transaction,
 * and what arrives while it runs may still join for 2 ms. The next batch gathers while this one commits, so nothing
 * ever waits for company.
 */
export function createWriter(parts: WriterParts): Writer {
  const queue = createWriteQueue()
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    await untilMessagesAreIn()
    while (queue.size() > 0) {
      await attempt(await runBatch(parts, queue.next(parts.monotonicUs)))
      await untilMessagesAreIn()
    }
    running = undefined
  }

  /** What met a lock or a deadlock is tried again by itself (STO-34); everyone else of the batch has an answer. */
  async function attempt(first: readonly Outcome[]): Promise<void> {
    let outcomes = first
    for (let tries = 1; outcomes.length > 0; tries += 1) {
      const again = tries < ATTEMPTS_MAX ? outcomes.filter((one) => one.isRetryable) : []
      parts.reply(outcomes.filter((one) => !again.includes(one)).map(({ reply }) => reply))
      if (again.length === 0) return
      await parts.pause(jittered(Math.min(PAUSE_MIN_MS * 2 ** tries, PAUSE_MAX_MS)))
      outcomes = await runBatch(parts, again.map(({ request }) => request).values())
    }
  }

  return {
    push(requests) {
      queue.push(requests)
      running ??= run()
    },
    async quiet() {
      await running
    },
  }
}

/** One turn of the loop delivers all messages that have come, so that they share a commit. */
const untilMessagesAreIn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

const jittered = (ms: number): number => ms / 2 + (Math.random() * ms) / 2
