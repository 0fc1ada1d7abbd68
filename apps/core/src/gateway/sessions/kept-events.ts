import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { NewId } from '../../ground/ids.ts'
import { createEventMemory, type Remembered } from './event-memory.ts'

/** Where the events of a stream go as long as its client reads them. */
export type Reader = Readonly<{
  notify: (frame: Buffer, eventId: string) => void
  /** An event without a message, only to go on from (MCP-35). */
  prime: (eventId: string) => void
  end: () => void
}>

/** What was sent on one stream of a session, and goes on being sent. */
export type KeptStream = Remembered & {
  readonly sessionId: string
  /** Whether it is the session's own, which no request caused. */
  readonly isOwn: boolean
  reader: Reader | undefined
  /** Of all events there were. */
  count: number
  isEnded: boolean
  /** When its client was last seen, or it ended. */
  quietSinceMs: number
}

/** An event of a stream, by how many of the stream's events its client has. */
export type Found = Readonly<{ stream: KeptStream; from: number }>

/** Only to come back to. */
export const PRIMING = Buffer.alloc(0)

export type KeptEvents = Readonly<{
  open: (sessionId: string, isOwn: boolean, reader: Reader) => KeptStream
  /** Keeps an event, and then sends it; a client that hangs up in between finds it kept. Gives its id. */
  add: (stream: KeptStream, frame: Buffer) => string
  /** @throws CoreError `event_unknown`, also for an event of another session */
  find: (sessionId: string, eventId: string) => Found
  /** Sends what followed to another reader, who has the stream from then on. */
  resume: (found: Found, reader: Reader) => void
  /** A reader is gone; what comes now waits for the next. */
  leave: (stream: KeptStream, reader: Reader) => void
  /** Adds what is the last of it; the reader gets it, unless it is `writer`, who sends it itself. */
  end: (stream: KeptStream, last: Buffer | undefined, writer: Reader) => string | undefined
  /** Forgets what nobody came back for; called now and then. */
  sweep: () => void
}>

const KEPT_MS = 10 * 60_000

/**
 * Keeps the last events of streams in memory, so that a client whose connection broke misses none (MCP-35). An event
 * is given again only with all that followed it: where some of that is gone, so is the stream.
 */
export function createKeptEvents({ clock, newId }: KeptEventsDeps): KeptEvents {
  const memory = createEventMemory<KeptStream>()

  function add(stream: KeptStream, frame: Buffer): string {
    stream.count += 1
    const id = eventId(stream, stream.count)
    memory.add(stream, frame)
    if (stream.reader) send(stream.reader, frame, id)
    return id
  }

  function rest(stream: KeptStream): void {
    stream.reader = undefined
    stream.quietSinceMs = clock.nowMs()
  }

  return {
    open(sessionId, isOwn, reader) {
      const stream = streamOf({ id: newId('str'), sessionId, isOwn, reader })
      memory.open(stream)
      return stream
    },
    add,
    find: (sessionId, lastId) => find(memory.get, sessionId, lastId),
    resume({ stream, from }, reader) {
      stream.reader?.end()
      stream.reader = reader
      const first = stream.count - stream.events.length
      for (const [at, frame] of stream.events.entries()) {
        if (first + at >= from) send(reader, frame, eventId(stream, first + at + 1))
      }
    },
    leave(stream, reader) {
      if (stream.reader === reader) rest(stream)
    },
    end(stream, last, writer) {
      const { reader } = stream
      if (reader === writer) stream.reader = undefined
      const id = last && add(stream, last)
      stream.isEnded = true
      if (reader !== writer) reader?.end()
      rest(stream)
      return id
    },
    sweep() {
      const since = clock.nowMs() - KEPT_MS
      for (const stream of memory.all()) {
        if (!stream.reader && stream.quietSinceMs <= since) memory.forget(stream)
      }
    },
  }
}

type KeptEventsDeps = Readonly<{ clock: Pick<Clock, 'nowMs'>; newId: NewId }>

function streamOf(begun: Pick<KeptStream, 'id' | 'sessionId' | 'isOwn' | 'reader'>): KeptStream {
  const stream: KeptStream = {
    ...begun,
    isRead: () => stream.reader !== undefined,
    events: [],
    bytes: 0,
    count: 0,
    isEnded: false,
    quietSinceMs: 0,
  }
  return stream
}

const eventId = ({ id }: KeptStream, count: number): string => `${id}.${count}`

function send(reader: Reader, frame: Buffer, id: string): void {
  if (frame.length === 0) reader.prime(id)
  else reader.notify(frame, id)
}

function find(
  streamOfId: (id: string) => KeptStream | undefined,
  sessionId: string,
  lastId: string,
): Found {
  const [, id = '', count = ''] = /^(str_[0-9a-f]{32})\.(\d{1,9})$/.exec(lastId) ?? []
  const stream = streamOfId(id)
  const from = Number(count)
  const isKept =
    stream?.sessionId === sessionId &&
    from <= stream.count &&
    from >= stream.count - stream.events.length
  if (!isKept || count === '') throw new CoreError('event_unknown')
  return { stream, from }
}
