import type { WriteRequest } from './write-request.ts'

export type WriteQueue = Readonly<{
  push: (requests: readonly WriteRequest[]) => void
  size: () => number
  /** The requests of one batch, as they come: it takes no more after 500, 4 MiB, or 2 ms when the queue is busy. */
  next: (monotonicUs: () => number) => Iterable<WriteRequest>
}>

const BATCH_REQUESTS_MAX = 500
const BATCH_BYTES_MAX = 4 * 1024 * 1024
const BATCH_OPEN_US = 2000
/** Events alone go first, but leave commands a share, so that neither waits for all of the other (STO-32). */
const BATCH_APPENDS_MAX = 400

/** Two lanes: events alone, on which every call waits, and commands. */
export function createWriteQueue(): WriteQueue {
  const appends = createLane()
  const commands = createLane()

  function* next(monotonicUs: () => number): Generator<WriteRequest> {
    const openedUs = monotonicUs()
    let waiting = appends.size() + commands.size()
    let bytes = 0
    let taken = 0
    for (let appended = 0; taken < BATCH_REQUESTS_MAX && bytes < BATCH_BYTES_MAX; taken += 1) {
      const isLate = waiting === 0 && monotonicUs() - openedUs > BATCH_OPEN_US
      const isAppendTurn = appended < BATCH_APPENDS_MAX || commands.size() === 0
      const request = isLate ? undefined : (isAppendTurn && appends.take()) || commands.take()
      if (!request) return
      if (!request.command) appended += 1
      if (waiting > 0) waiting -= 1
      bytes += request.bytes
      yield request
    }
  }

  return {
    push(requests) {
      for (const request of requests) (request.command ? commands : appends).add(request)
    },
    size: () => appends.size() + commands.size(),
    next,
  }
}

type Lane = Readonly<{
  add: (request: WriteRequest) => void
  take: () => WriteRequest | undefined
  size: () => number
}>

const COMPACT_AT = 1024

/** First in, first out. Taken requests are dropped from the list in lumps, since `shift` moves the whole list. */
function createLane(): Lane {
  let list: WriteRequest[] = []
  let head = 0
  return {
    add: (request) => void list.push(request),
    size: () => list.length - head,
    take() {
      const request = list[head]
      if (!request) return undefined
      head += 1
      if (head === list.length || head === COMPACT_AT) {
        list = list.slice(head)
        head = 0
      }
      return request
    },
  }
}
