/** Tells which of the requests it was given are not answered in time. One timer for all of them. */
export type AckWatch = Readonly<{
  add: (seq: number) => void
  /** Nobody waits any more. */
  clear: () => void
}>

type Watched = Readonly<{ seq: number; lateAtMs: number }>

/** `late` is also called for requests that were answered long ago; the caller knows which. */
export function createAckWatch(ackMsMax: number, late: (seq: number) => void): AckWatch {
  let watched: Watched[] = []
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    const nowMs = performance.now()
    const inTime = watched.findIndex(({ lateAtMs }) => lateAtMs > nowMs)
    const overdue = watched.splice(0, inTime === -1 ? watched.length : inTime)
    for (const { seq } of overdue) late(seq)
    const [next] = watched
    timer = next && arm(next.lateAtMs - nowMs)
  }

  const arm = (ms: number): NodeJS.Timeout => setTimeout(look, ms).unref()

  return {
    add(seq) {
      watched.push({ seq, lateAtMs: performance.now() + ackMsMax })
      timer ??= arm(ackMsMax)
    },
    clear() {
      watched = []
    },
  }
}
