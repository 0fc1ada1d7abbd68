import type { Clock } from '../../ground/clock.ts'
import type { Timers } from '../../ground/timers.ts'
import type { StreamEvents } from '../launch/wire.ts'

const WAIT_MIN_MS = 500
const WAIT_MAX_MS = 60_000
/** What stayed open so long has recovered. */
const STEADY_MS = 60_000

/** How long to wait before something that ended is opened again: longer each time, until it stays open. */
export type ReopenWaits = Readonly<{ opened: () => void; nextMs: () => number }>

export function createReopenWaits({ nowMs }: Pick<Clock, 'nowMs'>): ReopenWaits {
  let tries = 0
  let openedAtMs: number | undefined

  return {
    opened() {
      openedAtMs = nowMs()
    },
    nextMs() {
      if (openedAtMs !== undefined && nowMs() - openedAtMs >= STEADY_MS) tries = 0
      openedAtMs = undefined
      tries += 1
      return Math.min(WAIT_MIN_MS * 2 ** (tries - 1), WAIT_MAX_MS)
    },
  }
}

export type KeepOpenParts = Readonly<{
  open: (events: StreamEvents) => Disposable
  /** It is open again, and something may have been missed in between. */
  missed: () => void
  clock: Pick<Clock, 'nowMs'>
  timers: Pick<Timers, 'after'>
}>

/** Opens a stream, and opens it again whenever it ended, until disposed of. */
export function keepOpen({ open, missed, clock, timers }: KeepOpenParts): Disposable {
  const waits = createReopenWaits(clock)
  let isOver = false
  let isAgain = false
  let current: Disposable | undefined

  function start(): void {
    current = open({
      onOpen() {
        waits.opened()
        if (isAgain) missed()
      },
      onEnd(isOffered) {
        isAgain = true
        if (!isOver && isOffered) current = timers.after(waits.nextMs(), start)
      },
    })
  }

  start()
  return {
    [Symbol.dispose]() {
      isOver = true
      current?.[Symbol.dispose]()
    },
  }
}
