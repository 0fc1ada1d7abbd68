import type { Timers } from './dependencies.ts'

export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** Until all that was started and waits for no timer has come to rest. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await nextTurn()
}

export type TestTimers = Timers &
  Readonly<{
    /** Lets time pass, with everything that was due in it. */
    pass: (ms: number) => Promise<void>
    /** Lets a long time pass, in which every timer that was due rings once, at its end. */
    jump: (ms: number) => Promise<void>
  }>

/** Timers on the world's clock, which moves only by hand. */
export function createTestTimers(world: { nowMs: number }): TestTimers {
  type Timer = { atMs: number; readonly everyMs?: number; readonly run: () => void }
  const timers = new Set<Timer>()
  const add = (timer: Timer): Disposable => {
    timers.add(timer)
    return { [Symbol.dispose]: () => void timers.delete(timer) }
  }
  const next = (untilMs: number): Timer | undefined =>
    [...timers].filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0]

  return {
    after: (delayMs, run) => add({ atMs: world.nowMs + delayMs, run }),
    every: (everyMs, run) => add({ atMs: world.nowMs + everyMs, everyMs, run }),
    async pass(ms) {
      const untilMs = world.nowMs + ms
      for (let timer = next(untilMs); timer; timer = next(untilMs)) {
        world.nowMs = Math.max(world.nowMs, timer.atMs)
        if (timer.everyMs === undefined) timers.delete(timer)
        else timer.atMs += timer.everyMs
        timer.run()
        await nextTurn()
      }
      world.nowMs = untilMs
      await quiet()
    },
    async jump(ms) {
      world.nowMs += ms
      for (const timer of [...timers].filter(({ atMs }) => atMs <= world.nowMs)) {
        if (timer.everyMs === undefined) timers.delete(timer)
        else timer.atMs = world.nowMs + timer.everyMs
        timer.run()
      }
      await quiet()
    },
  }
}
