import type { Dispatcher } from 'undici'

import { isCoreError } from '../ground/errors.ts'

export type OutboundRequest = Readonly<{
  method: 'GET' | 'POST' | 'DELETE'
  /** Names and values in turn. Built once per server and credential version, not per request (H4). */
  headers: readonly string[]
  body?: Buffer
  responseBytesMax: number
  /** Nobody knows when its answer ends. */
  isLasting?: boolean
  /** Longest silence before the headers, and between pieces of the body; none where the caller keeps time itself. */
  idleMs?: number
}>

/** What becomes of one exchange. Exactly one of `onEnd` and `onFail` is called, and nothing after it. */
export type Receiver = Readonly<{
  onStart: (status: number, headers: ResponseHeaders) => void
  onBytes: (chunk: Buffer) => void
  onEnd: () => void
  onFail: (failure: ExchangeFailure) => void
}>

/** Lower-case names. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

export type ExchangeFailure = Readonly<{
  /** Whether any byte of the request may have left; when false the request can be made elsewhere (RUN-55). */
  isSent: boolean
  reason: 'aborted' | 'refused' | 'timed_out' | 'too_large' | 'encoded' | 'broken'
  cause: unknown
}>

export type Exchange = Readonly<{
  /** Ends it; the receiver hears `aborted`. No effect once it is over. */
  abort: () => void
}>

class ExchangeAbort extends Error {
  override readonly name = 'ExchangeAbort'
  readonly reason: ExchangeFailure['reason']

  constructor(reason: ExchangeFailure['reason']) {
    super(reason)
    this.reason = reason
  }
}

/** One request on a pool by its raw dispatch: no stream object, no abort controller, no header object of our own. */
export function startExchange(
  pool: Dispatcher,
  path: string,
  request: OutboundRequest,
  receiver: Receiver,
): Exchange {
  const exchange = new OpenExchange(request.responseBytesMax, receiver)
  pool.dispatch(dispatchOptions(path, request), exchange)
  return exchange
}

/** A class, because a call would otherwise pay for a dozen functions made for it alone. */
class OpenExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #receiver: Receiver
  #controller: Dispatcher.DispatchController | undefined
  #bytesLeft: number
  #isAborted = false
  #isOver = false

  constructor(bytesMax: number, receiver: Receiver) {
    this.#bytesLeft = bytesMax
    this.#receiver = receiver
  }

  abort(): void {
    this.#stop('aborted')
  }

  onRequestStart(started: Dispatcher.DispatchController): void {
    if (this.#isAborted) started.abort(new ExchangeAbort('aborted'))
    else this.#controller = started
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
  ): void {
    if (this.#isOver || status < 200) return
    if (isEncoded(headers)) this.#stop('encoded')
    else this.#receiver.onStart(status, headers)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return
    this.#bytesLeft -= chunk.length
    if (this.#bytesLeft < 0) this.#stop('too_large')
    else this.#receiver.onBytes(chunk)
  }

  onResponseEnd(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#receiver.onEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(reasonOf(error), error)
  }

  #stop(reason: ExchangeFailure['reason']): void {
    const abort = new ExchangeAbort(reason)
    this.#fail(reason, abort)
    this.#isAborted = true
    this.#controller?.abort(abort)
  }

  #fail(reason: ExchangeFailure['reason'], cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#receiver.onFail({ isSent: this.#controller !== undefined, reason, cause })
  }
}

const dispatchOptions = (path: string, request: OutboundRequest): Dispatcher.DispatchOptions => ({
  path,
  method: request.method,
  // undici only reads the array
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its type does not say readonly
  headers: request.headers as string[],
  body: request.body ?? null,
  headersTimeout: request.idleMs ?? 0,
  bodyTimeout: request.idleMs ?? 0,
})

/** We ask for none, so that a small answer cannot unfold into a huge one. */
function isEncoded(headers: ResponseHeaders): boolean {
  const encoding = headers['content-encoding']
  return encoding !== undefined && encoding !== 'identity'
}

const TIMEOUT_CODES = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

function reasonOf(error: unknown): ExchangeFailure['reason'] {
  if (error instanceof ExchangeAbort) return error.reason
  if (isCoreError(error) || (error instanceof Error && isCoreError(error.cause))) return 'refused'
  return error instanceof Error && 'code' in error && TIMEOUT_CODES.has(String(error.code))
    ? 'timed_out'
    : 'broken'
}
