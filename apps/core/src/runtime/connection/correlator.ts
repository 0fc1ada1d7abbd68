import { AbortedError } from '../../ground/abort.ts'
import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { Root } from '../../model/server.ts'
import type { LostRequest, OpenWire, Outbound, Wire, WireEnd } from '../launch/wire.ts'
import { createPendingRequests, type HopRequest } from './pending-requests.ts'
import { createReceiver } from './receiver.ts'
import type { Timers } from '../../ground/timers.ts'

/** A request that ended without an answer on an HTTP wire, with what the answer's status told. */
export class LostRequestError extends Error {
  override readonly name = 'LostRequestError'
  readonly lost: LostRequest

  constructor(lost: LostRequest) {
    super(lost.error.code, { cause: lost.error })
    this.lost = lost
  }
}

/** What an HTTP status said about the era matters to the handshake only. */
export const publicError = (error: unknown): unknown =>
  error instanceof LostRequestError ? error.lost.error : error

export type Correlator = Readonly<{
  kind: Wire['kind']
  /**
   * Resolves with the whole answer.
   *
   * @throws CoreError `server_unavailable`, `server_busy` (nothing was sent), `call_timed_out`, `outcome_unknown`
   * @throws LostRequestError with any code, from an HTTP wire
   */
  exchange: (request: HopRequest, signal: AbortSignal) => Promise<ServerFrame>
  notify: (message: Outbound) => void
  inFlight: () => number
  /** Of a wire on which not everything comes by itself. */
  openStream: Wire['openStream']
  stop: () => Promise<void>
  kill: () => Promise<void>
  ended: Promise<WireEnd>
}>

export type CorrelatorParts = Readonly<{
  server: string
  openWire: OpenWire
  clock: Clock
  timers: Timers
  onListChanged: () => void
  onElicited: (elicitationId: string) => void
  roots?: readonly Root[]
  onUpdated: (frame: ServerFrame) => void
}>

const SWEEP_MS = 250

/**
 * Many requests on one wire: each answer finds its request by an integer id of this hop. Late, duplicate and unknown
 * ids are dropped. One coarse timer serves every deadline (RUN-12, H11).
 */
export function createCorrelator(parts: CorrelatorParts): Correlator {
  const { server } = parts
  const pending = createPendingRequests(server)
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<WireEnd>()
  let sweep: Disposable | undefined

  const wire = parts.openWire({
    onMessage: (bytes, hopId) => receive(bytes, hopId),
    isAwaited: (hopId) => pending.get(hopId) !== undefined,
    onLost: (hopId, why) => pending.take(hopId)?.reject(new LostRequestError(why())),
    onEnd(end) {
      for (const request of pending.takeAll()) request.reject(unknown(server, end.reason))
      resolveEnded(end)
    },
  })
  const receive = createReceiver(parts, pending, wire)

  function giveUp(hopId: number, error: Error): void {
    const given = pending.take(hopId)
    if (!given) return
    const { target, isCancellable } = given.request
    const byMessage = wire.kind === 'stdio' || target.era === 'legacy'
    if (isCancellable && byMessage) sendCancelled(wire, hopId, target)
    wire.abandon(hopId)
    given.reject(error)
  }

  function sweepDeadlines(): void {
    for (const { hopId, error } of pending.overdue(parts.clock.nowMs())) {
      giveUp(hopId, error)
    }
    if (pending.size() > 0) return
    sweep?.[Symbol.dispose]()
    sweep = undefined
  }

  /** No async function, because all that such a one holds stays in memory as long as the server takes. */
  function exchange(request: HopRequest, signal: AbortSignal): Promise<ServerFrame> {
    if (signal.aborted) return Promise.reject(notSent(signal))
    const { promise, resolve, reject } = Promise.withResolvers<ServerFrame>()
    const abort = (): void => giveUp(hopId, unknown(server, 'cancelled'))
    const startedMs = parts.clock.nowMs()
    const times = { startedMs, activeMs: startedMs, openQuestions: 0 }
    const hopId = pending.add({ request, ...times, resolve, reject, signal, abort })
    try {
      wire.send({ ...request.target, bytes: request.encode(hopId), hopId })
      sweep ??= parts.timers.every(SWEEP_MS, sweepDeadlines)
    } catch (error) {
      pending.take(hopId)?.reject(error)
    }
    return promise
  }

  const { kind, send: notify, openStream, stop, kill } = wire
  return { kind, exchange, notify, inFlight: pending.size, openStream, stop, kill, ended }
}

/** Best effort: a server that cannot be told is not waited for either. */
function sendCancelled(wire: Wire, hopId: number, target: HopRequest['target']): void {
  const method = 'notifications/cancelled'
  const bytes = Buffer.from(
    JSON.stringify({ jsonrpc: '2.0', method, params: { requestId: hopId } }),
  )
  try {
    wire.send({ ...target, bytes, method })
  } catch {
    // The wire is gone or full; the request is given up all the same.
  }
}

const notSent = (signal: AbortSignal): AbortedError =>
  new AbortedError('aborted before the request was sent', { cause: signal.reason })

const unknown = (server: string, reason: string): CoreError =>
  new CoreError('outcome_unknown', { server, reason })
