/** The last events of one stream. An empty frame only primes. */
export type Remembered = {
  readonly id: string
  events: readonly Buffer[]
  bytes: number
  /** Somebody reads it, so what goes was sent. */
  readonly isRead: () => boolean
}

/** Last events of many streams, bounded each and together. */
export type EventMemory<T extends Remembered> = Readonly<{
  open: (stream: T) => void
  get: (id: string) => T | undefined
  all: () => Iterable<T>
  add: (stream: T, frame: Buffer) => void
  forget: (stream: T) => void
}>

const EVENTS_MAX = 256
const STREAM_BYTES_MAX = 1024 * 1024
/** Of all streams together; the oldest go first. */
const STREAMS_MAX = 10_000
const ALL_BYTES_MAX = 64 * 1024 * 1024

export function createEventMemory<T extends Remembered>(): EventMemory<T> {
  const streams = new Map<string, T>()
  let bytes = 0

  function forget(stream: T): void {
    if (streams.delete(stream.id)) drop(stream, stream.events.length)
  }

  function drop(stream: T, count: number): void {
    const gone = stream.events.slice(0, count).reduce((sum, frame) => sum + frame.length, 0)
    stream.events = stream.events.slice(count)
    stream.bytes -= gone
    bytes -= gone
  }

  function bound(stream: T): void {
    while (stream.events.length > EVENTS_MAX || stream.bytes > STREAM_BYTES_MAX) {
      if (!stream.isRead()) return forget(stream)
      drop(stream, 1)
    }
    for (const oldest of streams.values()) {
      if (bytes <= ALL_BYTES_MAX && streams.size <= STREAMS_MAX) return
      forget(oldest)
    }
  }

  return {
    open: (stream) => void streams.set(stream.id, stream),
    get: (id) => streams.get(id),
    all: () => streams.values(),
    add(stream, frame) {
      if (!streams.has(stream.id)) return
      stream.events = [...stream.events, frame]
      stream.bytes += frame.length
      bytes += frame.length
      bound(stream)
    },
    forget,
  }
}
