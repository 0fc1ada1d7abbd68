import type { QueryName } from '../store.ts'
import { createReadFront, type ReadFront } from './read-front.ts'
import { openThread, type Thread } from './thread.ts'
import type { FromReader, ThreadStart, ToReader } from './thread-messages.ts'

/** Threads that read. The second starts when the first has enough to do. */
export type ReaderPool = AsyncDisposable &
  Readonly<{ read: (name: QueryName, args: unknown) => Promise<unknown> }>

export type ReaderPoolParts = Readonly<{
  url: URL
  start: ThreadStart
  nowMs: () => number
  died: (cause: unknown) => void
  /** When there is a file to read. */
  mayOpen: Promise<unknown>
}>

type Reader = Readonly<{ front: ReadFront; thread: Thread<ToReader> }>

const READERS_MAX = 2
/** Reads that wait for one thread before another is started. */
const BUSY_AT = 8

export async function openReaderPool(parts: ReaderPoolParts): Promise<ReaderPool> {
  const readers: Reader[] = [await openReader(parts)]
  let starting: Promise<void> | undefined

  function startAnother(): void {
    if (starting || readers.length >= READERS_MAX) return
    starting = openReader(parts).then((reader) => void readers.push(reader), parts.died)
  }

  function leastBusy(): Reader | undefined {
    const [first, ...others] = readers
    return others.reduce(
      (best, one) => (best && one.front.waiting() < best.front.waiting() ? one : best),
      first,
    )
  }

  return {
    async read(name, args) {
      const reader = leastBusy()
      if (!reader) throw new Error('a pool has one reader at least')
      if (reader.front.waiting() >= BUSY_AT) startAnother()
      return reader.front.read(name, args)
    },
    async [Symbol.asyncDispose]() {
      await starting
      await Promise.all(readers.map(({ thread }) => thread[Symbol.asyncDispose]()))
    },
  }
}

async function openReader({ url, start, nowMs, died, mayOpen }: ReaderPoolParts): Promise<Reader> {
  const front = createReadFront({ send: (message) => thread.post(message), nowMs })
  const thread: Thread<ToReader> = await openThread<ToReader, FromReader>({
    url,
    start,
    mayOpen,
    receive(message) {
      if (message.kind === 'rows') front.settle(message)
    },
    died(cause) {
      front.abandon(cause)
      died(cause)
    },
  })
  return { front, thread }
}
