import type { Clock } from '../ground/clock.ts'
import type { Log } from '../ground/log.ts'
import type { Timers } from '../ground/timers.ts'
import type { Append } from './backlog.ts'
import type { Draft } from './event.ts'

export type ClockWatchDependencies = Readonly<{
  clock: Clock
  timers: Pick<Timers, 'every'>
  append: Append
  draft: Draft
  log: Pick<Log, 'error'>
}>

const LOOK_MS = 1000
/** Smaller steps are what time services do all day. */
const STEP_MS = 2000

/**
 * Says in the log that the wall clock went back: the times of the entries around it do not tell their order (STO-37).
 * Only a clock that never goes back can show it.
 */
export function watchClock({
  clock,
  timers,
  append,
  draft,
  log,
}: ClockWatchDependencies): Disposable {
  let last = readingOf(clock)

  return timers.every(LOOK_MS, () => {
    const before = last
    last = readingOf(clock)
    const backMs = before.wallMs + (last.steadyMs - before.steadyMs) - last.wallMs
    if (backMs <= STEP_MS) return
    const fields = { back_ms: Math.round(backMs) }
    const event = draft({ type: 'system.clock_jump', workspaceId: '', fields })
    append([event]).catch((error: unknown) => log.error({ err: error }, 'clock jump not recorded'))
  })
}

const readingOf = ({ nowMs, monotonicUs }: Clock) => ({
  wallMs: nowMs(),
  steadyMs: monotonicUs() / 1000,
})
