const WINDOW_MS = 10_000
const SAMPLES_MAX = 20
const LINES_MAX = 10_000

export type GarbageMeter = Readonly<{
  /** Counts one line that is no message. */
  count: () => Readonly<{ isSample: boolean; isTooMuch: boolean }>
}>

/** Some servers print to stdout by mistake; one that prints nothing else is broken (RUN-9). */
export function createGarbageMeter(nowMs: () => number): GarbageMeter {
  let windowStartMs = nowMs()
  let lines = 0
  return {
    count() {
      if (nowMs() - windowStartMs > WINDOW_MS) {
        windowStartMs = nowMs()
        lines = 0
      }
      lines += 1
      return { isSample: lines <= SAMPLES_MAX, isTooMuch: lines > LINES_MAX }
    },
  }
}
