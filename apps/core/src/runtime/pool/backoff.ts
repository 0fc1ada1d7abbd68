import type { Clock } from '../../ground/clock.ts'

/** Whether a server that failed may be started again, and when (RUN-49). */
export type Backoff = Readonly<{
  /** `wait` says how long; `quarantined` stays until an administrator acts. */
  state: () => Readonly<
    { kind: 'clear' } | { kind: 'wait'; waitMs: number } | { kind: 'quarantined' }
  >
  /** Returns true when this failure was the one too many. */
  failed: () => boolean
  /** It runs since now; the count is forgotten after five minutes of that. */
  healthy: () => void
}>

const BASE_MS = 500
const CAP_MS = 60_000
const HEALTHY_MS = 5 * 60_000
const WINDOW_MS = 10 * 60_000
const FAILURES_MAX = 5

/** Full jitter; `random` gives [0, 1). */
export function createBackoff(clock: Pick<Clock, 'nowMs'>, random: () => number): Backoff {
  let failures: number[] = []
  let waitUntilMs = 0
  let healthySinceMs: number | undefined
  let isQuarantined = false

  return {
    state() {
      if (isQuarantined) return { kind: 'quarantined' }
      const waitMs = waitUntilMs - clock.nowMs()
      return waitMs > 0 ? { kind: 'wait', waitMs } : { kind: 'clear' }
    },
    failed() {
      const now = clock.nowMs()
      if (healthySinceMs !== undefined && now - healthySinceMs >= HEALTHY_MS) failures = []
      healthySinceMs = undefined
      failures = [...failures.filter((at) => now - at < WINDOW_MS), now]
      waitUntilMs = now + random() * Math.min(CAP_MS, BASE_MS * 2 ** (failures.length - 1))
      isQuarantined = failures.length >= FAILURES_MAX
      return isQuarantined
    },
    healthy() {
      healthySinceMs = clock.nowMs()
    },
  }
}
