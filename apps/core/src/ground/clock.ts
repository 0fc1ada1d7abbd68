/** Wall-clock instants are epoch milliseconds; durations name their unit. */
export type Clock = Readonly<{
  nowMs: () => number
  /** Never goes back; only differences mean anything. */
  monotonicUs: () => number
}>

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicUs: () => Math.trunc(performance.now() * 1000),
}
