import type { Clock } from './clock.ts'
import type { Timers } from './timers.ts'

/** Runs something a fixed while after it is asked for, unless it is taken back before. */
export type Delay = (run: () => void) => Disposable

type Waiting = Readonly<{ run: () => void; dueMs: number }>

/**
 * One timer for all that wait the same while: what is taken back costs no timer, and nearly everything on the way of
 * a call is (H11).
 */
export function createDelay(
  delayMs: number,
  { timers, clock }: Readonly<{ timers: Pick<Timers, 'after'>; clock: Pick<Clock, 'nowMs'> }>,
): Delay {
  /** In the order in which they are due. */
  const waiting = new Set<Waiting>()
  let isArmed = false

  function armFor(next: Waiting): void {
    isArmed = true
    timers.after(Math.max(0, next.dueMs - clock.nowMs()), () => runDue(next))
  }

  function runDue(armed: Waiting): void {
    isArmed = false
    for (const one of waiting) {
      if (one !== armed && one.dueMs > clock.nowMs()) return armFor(one)
      waiting.delete(one)
      one.run()
    }
  }

  return function later(run) {
    const one = { run, dueMs: clock.nowMs() + delayMs }
    waiting.add(one)
    if (!isArmed) armFor(one)
    return { [Symbol.dispose]: () => void waiting.delete(one) }
  }
}
