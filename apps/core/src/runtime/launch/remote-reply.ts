import type { ExchangeFailure, Receiver, ResponseHeaders } from '../../egress/exchange.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import { createRemoteEvents, type RemoteEvents, type StreamMark } from './remote-events.ts'
import { lostByFailure, lostByStatus, lostWithoutAnswer, misbehaved } from './remote-loss.ts'
import type { Session } from './remote-session.ts'
import type { LostRequest, Outbound, WireEvents } from './wire.ts'

export type ReplyParts = Readonly<{
  server: string
  events: WireEvents
  session: Session
  /** Nothing of the answer to this message comes any more. */
  onOver: (message: Outbound) => void
  /** The stream broke off before the answer, and told how to go on. */
  onBreak: (message: Outbound, mark: StreamMark) => void
  /** Nothing more is wanted of it, though it need not be over. */
  onEnough: (message: Outbound) => void
  onSessionLost: () => void
}>

type Shape = 'json' | 'events' | 'none' | 'other'

/**
 * Reads the answer to one POST, as JSON or as a stream of events, and says what was lost where none came. `since` is
 * there when it reads on in a stream that broke off.
 */
export const createReply = (parts: ReplyParts, message: Outbound, since?: StreamMark): Receiver =>
  new Reply(parts, message, since)

/** A class, because a call would otherwise pay for half a dozen functions made for it alone. */
class Reply implements Receiver {
  readonly #parts: ReplyParts
  readonly #message: Outbound
  readonly #chunks: Buffer[] = []
  #status = 0
  #shape: Shape = 'none'
  #bytes = 0
  readonly #since: StreamMark | undefined
  #events: RemoteEvents | undefined

  constructor(parts: ReplyParts, message: Outbound, since: StreamMark | undefined) {
    this.#parts = parts
    this.#message = message
    this.#since = since
  }

  onStart(status: number, headers: ResponseHeaders): void {
    this.#status = status
    this.#shape = shapeOf(headers)
    if (status === 200) this.#parts.session.noteId(this.#message, headers)
  }

  onBytes(chunk: Buffer): void {
    if (this.#isStream()) return this.#takeEvents(chunk)
    this.#bytes += chunk.length
    if (this.#bytes <= limits.resultBytesMax) this.#chunks.push(chunk)
    else this.#refuse()
  }

  onEnd(): void {
    const { server, events, session, onOver, onSessionLost } = this.#parts
    onOver(this.#message)
    if (this.#goesOn()) return
    const status = this.#status
    const body = this.#shape === 'json' && this.#bytes > 0 ? joined(this.#chunks) : undefined
    // An answer with our id is one whatever the status; then nothing is lost any more.
    const isMessage =
      (body !== undefined && events.onMessage(body, this.#message.hopId)) ||
      this.#shape === 'events'
    this.#lose(() => lostAtEnd(server, { status, body, isMessage }))
    if (status === 404 && !this.#since && session.headers().id !== undefined) onSessionLost()
  }

  onFail(failure: ExchangeFailure): void {
    this.#parts.onOver(this.#message)
    if (this.#goesOn()) return
    this.#lose(() => lostByFailure(this.#parts.server, failure))
  }

  #takeEvents(chunk: Buffer): void {
    const { events, onEnough } = this.#parts
    try {
      for (const { data } of this.#eventsRead().push(chunk)) {
        events.onMessage(data, this.#message.hopId)
      }
    } catch (error) {
      this.#refuse(error)
    }
    if (this.#since && !this.#isAwaited()) onEnough(this.#message)
  }

  /** Nothing more is read of what is too large already. */
  #refuse(cause?: unknown): void {
    this.#chunks.length = 0
    this.#lose(() => ({ isSent: true, error: tooLarge(cause) }))
    this.#parts.onEnough(this.#message)
  }

  /** Only streams of legacy servers can be taken up again (MCP-35). */
  #goesOn(): boolean {
    const isBroken = this.#isStream() && this.#message.era === 'legacy' && this.#isAwaited()
    const mark = isBroken ? this.#eventsRead().mark() : undefined
    if (mark) this.#parts.onBreak(this.#message, mark)
    return mark !== undefined
  }

  #isStream(): boolean {
    return this.#status === 200 && this.#shape === 'events'
  }

  #eventsRead(): RemoteEvents {
    this.#events ??= createRemoteEvents(this.#since)
    return this.#events
  }

  #isAwaited(): boolean {
    const { hopId } = this.#message
    return hopId !== undefined && this.#parts.events.isAwaited(hopId)
  }

  #lose(why: () => LostRequest): void {
    const { hopId } = this.#message
    if (hopId !== undefined) this.#parts.events.onLost(hopId, why)
  }
}

type Ending = Readonly<{ status: number; body: Buffer | undefined; isMessage: boolean }>

function lostAtEnd(server: string, { status, body, isMessage }: Ending): LostRequest {
  if (status >= 300) return lostByStatus(server, status, body)
  return isMessage ? lostWithoutAnswer(server) : misbehaved(server)
}

function shapeOf(headers: ResponseHeaders): Shape {
  const type = headers['content-type']
  if (typeof type !== 'string') return 'none'
  if (/^application\/json\s*(;|$)/i.test(type)) return 'json'
  return /^text\/event-stream\s*(;|$)/i.test(type) ? 'events' : 'other'
}

/** Nearly every answer comes in one piece, which needs no copy. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return first && chunks.length === 1 ? first : Buffer.concat(chunks)
}

const tooLarge = (cause?: unknown): CoreError =>
  new CoreError('result_too_large', { bytesMax: limits.resultBytesMax }, { cause })
