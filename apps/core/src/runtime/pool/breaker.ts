import type { Clock } from '../../ground/clock.ts'

/** Keeps calls away from a server that stopped answering (RUN-50). Errors that a tool reports do not count. */
export type Breaker = Readonly<{
  /** `probe` is given once per pause: the caller sends a ping, never a user's call. */
  admit: () => 'pass' | 'probe' | 'refuse'
  failed: () => void
  succeeded: () => void
}>

const FAILURES_MAX = 5
const WINDOW_MS = 30_000
const PAUSE_MS = 10_000

export function createBreaker(clock: Pick<Clock, 'nowMs'>): Breaker {
  let failures: number[] = []
  let openedMs: number | undefined

  return {
    admit() {
      if (openedMs === undefined) return 'pass'
      if (clock.nowMs() - openedMs < PAUSE_MS) return 'refuse'
      openedMs = clock.nowMs()
      return 'probe'
    },
    failed() {
      const now = clock.nowMs()
      failures = [...failures.filter((at) => now - at < WINDOW_MS), now]
      if (failures.length >= FAILURES_MAX) openedMs = now
    },
    succeeded() {
      if (failures.length > 0) failures = []
      openedMs = undefined
    },
  }
}
