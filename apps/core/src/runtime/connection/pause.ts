import { waitOrAbort } from '../../ground/abort.ts'
import type { Timers } from '../../ground/timers.ts'

export type PauseParts = Readonly<{ timers: Pick<Timers, 'after'>; signal: AbortSignal }>

/** Waits before a server is asked again, unless nobody wants it to be; `phase` as in `waitOrAbort`. */
export async function pause(
  { timers, signal }: PauseParts,
  ms: number,
  phase: string,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  using timer = timers.after(ms, resolve)
  void timer
  await waitOrAbort(promise, signal, phase)
}

const POLL_MS_MIN = 250
const POLL_MS_MAX = 60_000

/** A server is asked about a task as often as it wants, within reason. */
export const withinPollLimits = (ms: number): number =>
  Math.min(POLL_MS_MAX, Math.max(POLL_MS_MIN, ms))
