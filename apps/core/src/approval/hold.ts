import type { Approval } from './approval.ts'
import type { Timers } from './dependencies.ts'
import type { WakeUpHub } from './wake-up-hub.ts'

/** The time one client is kept waiting for an answer. It ends by itself, or with the client. */
export type Hold = Disposable &
  Readonly<{
    isOver: () => boolean
    /** The client has gone; nothing may run for it now. */
    isLeft: () => boolean
    /** Resolves when the approval is newer than what was read, or the hold is over. */
    untilChange: (read: Approval) => Promise<void>
  }>

export type HoldDependencies = Readonly<{
  timers: Timers
  hub: WakeUpHub
  /** Absent where only `until` ends it. */
  holdMs?: number
  /** Nobody waits any longer, though the client may not have gone. */
  until?: AbortSignal
  signal: AbortSignal
}>

export function createHold({ timers, hub, holdMs, until, signal }: HoldDependencies): Hold {
  let isTimeOver = false
  let wake: (() => void) | undefined
  const end = (): void => {
    isTimeOver = true
    wake?.()
  }
  const timer = holdMs === undefined ? undefined : timers.after(holdMs, end)
  const leave = (): void => wake?.()
  signal.addEventListener('abort', leave)
  until?.addEventListener('abort', leave)
  const isOver = (): boolean => isTimeOver || signal.aborted || until?.aborted === true

  return {
    isOver,
    isLeft: () => signal.aborted,
    async untilChange(read) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      const watch = hub.onChange(read, resolve)
      if (isOver()) resolve()
      try {
        await promise
      } finally {
        watch[Symbol.dispose]()
      }
    },
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]()
      until?.removeEventListener('abort', leave)
      signal.removeEventListener('abort', leave)
    },
  }
}
