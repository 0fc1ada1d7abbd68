import type { Dispatcher } from 'undici'

import { isCoreError } from '../ground/errors.ts'

export type OutboundRequest = Readonly<{
  method: 'GET' | 'POST' | 'DELETE'
  /** Names and values in turn. Built once per server and credential version, not per request (H4). */
  headers: readonly string[]
  body?: Buffer
  responseBytesMax: number
  /** Longest silence before the headers, and between pieces of the body. */
  idleMs: number
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
  /** Stops reading, so that a slow reader slows the server instead of filling memory (H5). */
  pause: () => void
  resume: () => void
}>

class ExchangeAbort extends Error {
  override readonly name = 'ExchangeAbort'
  readonly reason: ExchangeFailure['reason']

  constructor(reason: ExchangeFailure['reason']) {
    super(reason)
    this.reason = reason
  }
}

type Progress = {
  controller?: Dispatcher.DispatchController
  isAborted: boolean
  isOver: boolean
  received: number
}

/** One request on a pool by its raw dispatch: no stream object, no abort controller, no header object of our own. */
export function startExchange(
  pool: Dispatcher,
  path: string,
  request: OutboundRequest,
  receiver: Receiver,
): Exchange {
  const progress: Progress = { isAborted: false, isOver: false, received: 0 }
  const end = createEnd(progress, receiver)
  pool.dispatch(dispatchOptions(path, request), createHandler(progress, request, receiver, end))
  return {
    abort: () => end.stop('aborted'),
    pause: () => progress.controller?.pause(),
    resume: () => progress.controller?.resume(),
  }
}

type End = Readonly<{
  fail: (reason: ExchangeFailure['reason'], cause: unknown) => void
  stop: (reason: ExchangeFailure['reason']) => void
}>

function createEnd(progress: Progress, receiver: Receiver): End {
  function fail(reason: ExchangeFailure['reason'], cause: unknown): void {
    if (progress.isOver) return
    progress.isOver = true
    receiver.onFail({ isSent: progress.controller !== undefined, reason, cause })
  }

  return {
    fail,
    stop(reason) {
      const abort = new ExchangeAbort(reason)
      fail(reason, abort)
      progress.isAborted = true
      progress.controller?.abort(abort)
    },
  }
}

function createHandler(
  progress: Progress,
  request: OutboundRequest,
  receiver: Receiver,
  end: End,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart(started) {
      if (progress.isAborted) return started.abort(new ExchangeAbort('aborted'))
      progress.controller = started
    },
    onResponseStart(_controller, status, headers) {
      if (progress.isOver || status < 200) return
      if (isEncoded(headers)) return end.stop('encoded')
      receiver.onStart(status, headers)
    },
    onResponseData(_controller, chunk) {
      if (progress.isOver) return
      progress.received += chunk.length
      if (progress.received > request.responseBytesMax) return end.stop('too_large')
      receiver.onBytes(chunk)
    },
    onResponseEnd() {
      if (progress.isOver) return
      progress.isOver = true
      receiver.onEnd()
    },
    onResponseError: (_controller, error) => end.fail(reasonOf(error), error),
  }
}

const dispatchOptions = (path: string, request: OutboundRequest): Dispatcher.DispatchOptions => ({
  path,
  method: request.method,
  // undici only reads the array
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its type does not say readonly
  headers: request.headers as string[],
  body: request.body ?? null,
  headersTimeout: request.idleMs,
  bodyTimeout: request.idleMs,
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
