/** Waits that a test can drive by hand. None keeps the process alive. */
export type Timers = Readonly<{
  after: (delayMs: number, run: () => void) => Disposable
  every: (periodMs: number, run: () => void) => Disposable
}>

export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
  every(periodMs, run) {
    const timer = setInterval(run, periodMs)
    timer.unref()
    return { [Symbol.dispose]: () => clearInterval(timer) }
  },
}
