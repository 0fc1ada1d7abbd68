import { CoreError } from '../ground/errors.ts'
import type { AuditDraft } from '../model/audit-event.ts'

export type Append = (events: readonly AuditDraft[]) => Promise<void>

/** Runs something once, later. */
export type Later = (delayMs: number, run: () => void) => void

export type Backlog = Readonly<{
  /** Takes events that are written after their call was answered. Nothing that was taken is dropped. */
  push: (events: readonly AuditDraft[]) => void
  /** @throws CoreError `audit_unavailable` while more waits than may (AUD-23) */
  admit: () => void
  /** Resolves when nothing waits any more, or rejects with why it cannot be written. For shutdown. */
  flush: () => Promise<void>
}>

export const BACKLOG_EVENTS_MAX = 10_000
const BACKLOG_CHARS_MAX = 32 * 1024 * 1024
const RETRY_MS = 100

/**
 * Events of reads on their way to the log. One append is under way at a time and takes all that waits, so that the
 * busier the gateway is, the fewer commits a call costs.
 */
export function createBacklog({
  append,
  later,
}: Readonly<{ append: Append; later: Later }>): Backlog {
  let waiting: AuditDraft[] = []
  let underWay: Promise<void> | undefined
  let events = 0
  let chars = 0

  async function writeBatch(): Promise<void> {
    const batch = waiting
    waiting = []
    try {
      await append(batch)
    } catch (error) {
      waiting = [...batch, ...waiting]
      throw error
    }
    events -= batch.length
    chars -= charsOf(batch)
  }

  /** NOTE: the last look and the end are one step, so that nothing can come between and be left waiting. */
  async function writeAll(): Promise<void> {
    try {
      while (waiting.length > 0) await writeBatch()
    } finally {
      underWay = undefined
    }
  }

  function drain(): Promise<void> {
    underWay ??= writeAll()
    return underWay
  }

  const start = (): void => void drain().catch(() => later(RETRY_MS, start))

  return {
    push(added) {
      waiting.push(...added)
      events += added.length
      chars += charsOf(added)
      if (!underWay) start()
    },
    admit() {
      if (events >= BACKLOG_EVENTS_MAX || chars >= BACKLOG_CHARS_MAX) {
        throw new CoreError('audit_unavailable')
      }
    },
    async flush() {
      while (waiting.length > 0 || underWay) await drain()
    },
  }
}

const charsOf = (drafts: readonly AuditDraft[]): number =>
  drafts.reduce((sum, draft) => sum + draft.fields.length, 0)
