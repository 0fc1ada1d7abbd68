import { randomBytes } from '../crypto/random.ts'
import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { Timers } from '../ground/timers.ts'
import type { Call, CallResult, Outlet } from '../model/call.ts'
import type { Round } from '../protocol/encode-request.ts'
import type { ServerFrame } from '../model/frame.ts'
import type { Root } from '../model/server.ts'
import type { TraceHop } from '../protocol/trace-context.ts'
import { callRequest } from './call-request.ts'
import { NO_CHANNEL, openChannel } from './channel.ts'
import {
  createCorrelator,
  publicError,
  type Correlator,
  type CorrelatorParts,
} from './correlator.ts'
import { greet, type Greeting, type HandshakeTerms } from './handshake.ts'
import type { WireEnd } from './launch/wire.ts'
import { ownRequest } from './own-request.ts'
import { openQuestionStream } from './question-stream.ts'
import { answeringRoots } from './fixed-roots.ts'
import { createRelay } from './relay.ts'
import { throughRounds } from './rounds.ts'
import { createSubscriptions, type Channel, type Subscriber } from './subscriptions.ts'

/** One greeted server, whatever it runs in: process and remote endpoint look alike from here on (RUN-3). */
export type Connection = Readonly<{
  greeting: Greeting
  /**
   * Sends one call and waits for its whole answer.
   *
   * @throws CoreError `server_busy`, `server_unavailable` (not sent), `call_timed_out`, `outcome_unknown`,
   *   `server_misbehaves`, `result_too_large`
   */
  forward: (call: Call, outlet: Outlet, signal: AbortSignal) => Promise<CallResult>
  /**
   * Has a resource told of until `signal` aborts. Resolves with the server's refusal, or once it tells.
   *
   * @throws CoreError as `forward`
   */
  subscribe: (
    uri: string,
    subscriber: Subscriber,
    signal: AbortSignal,
  ) => Promise<ServerFrame | undefined>
  /** Somebody waits for what it may say on its own. */
  isSubscribed: () => boolean
  /** A request of Peta's own: lists and pings. */
  ask: (method: string, params: object, waitMs: number, signal: AbortSignal) => Promise<ServerFrame>
  stop: () => Promise<void>
  kill: () => Promise<void>
  ended: Promise<WireEnd>
}>

type Started = Readonly<{
  wire: Correlator
  greeting: Greeting
  clock: Clock
  timers: Timers
  trace: TraceHop
  roots: readonly Root[] | undefined
}>

const SPAN_ID_BYTES = 8
const newSpanId = (): string => randomBytes(SPAN_ID_BYTES).toString('hex')

/**
 * Opens the wire and greets the server; a server that cannot be greeted is killed again.
 *
 * @throws CoreError `server_unavailable`, `server_misbehaves`
 */
export async function openConnection(
  parts: Omit<CorrelatorParts, 'onUpdated'>,
  terms: HandshakeTerms & Pick<TraceHop, 'relaysBaggage'>,
  signal: AbortSignal,
): Promise<Connection> {
  const opened: { channel?: Channel } = {}
  const subscriptions = createSubscriptions(() => opened.channel ?? NO_CHANNEL)
  const wire = createCorrelator({ ...parts, onUpdated: subscriptions.take })
  void wire.ended.then(subscriptions.lose)
  try {
    const greeting = await greet(wire, terms, signal)
    const { relaysBaggage } = terms
    const { clock, timers } = parts
    if (greeting.era === 'legacy' && terms.asks.length > 0) {
      const stream = await openQuestionStream({ wire, clock, timers }, signal)
      void wire.ended.then(() => stream?.[Symbol.dispose]())
    }
    const trace = { newSpanId, relaysBaggage }
    const started = { wire, greeting, clock, timers, trace, roots: parts.roots }
    const missed = (): void => {
      subscriptions.missed()
      parts.onListChanged()
    }
    const ask: Connection['ask'] = (method, params, waitMs, askSignal) =>
      wire.exchange(ownRequest(greeting, method, params, waitMs), askSignal).catch(throwPublic)
    opened.channel = openChannel({ ...parts, wire, greeting, ask, missed })
    return {
      greeting,
      forward: (call, outlet, callSignal) => forward(started, call, outlet, callSignal),
      subscribe: subscriptions.add,
      isSubscribed: () => !subscriptions.isEmpty(),
      ask,
      stop: wire.stop,
      kill: wire.kill,
      ended: wire.ended,
    }
  } catch (error) {
    await wire.kill()
    throw publicError(error)
  }
}

function throwPublic(error: unknown): never {
  throw publicError(error)
}

async function forward(
  started: Started,
  call: Call,
  outlet: Outlet,
  signal: AbortSignal,
): Promise<CallResult> {
  const { wire, greeting, clock, timers, trace, roots } = started
  const relay = createRelay(call.frame, outlet, clock)
  const { goesOnAlone } = outlet
  const askable = roots ? answeringRoots(outlet.askable, roots) : outlet.askable
  const hop = { greeting, trace, relay, asks: askable?.asks ?? [] }
  const send = (round?: Round): Promise<ServerFrame> =>
    wire.exchange(callRequest(hop, call, round), signal)
  try {
    let frame = await send(call.round && stateOf(call.round))
    const isAlone = call.clientEra === 'legacy' || goesOnAlone?.() === true
    if (greeting.era === 'modern' && (isAlone || roots)) {
      const rounds = { call, askable, send, timers, signal }
      frame = await throughRounds(frame, isAlone ? rounds : { ...rounds, only: 'roots/list' })
    }
    assertRelayable(frame, call.server.slug)
    const { bytes, isError } = frame
    return { bytes, frame, serverEra: greeting.era, isError }
  } catch (error) {
    throw publicError(error)
  }
}

const stateOf = ({ serverState }: NonNullable<Call['round']>): Round =>
  serverState === undefined ? {} : { requestState: serverState }

/** Header mismatch and unsupported version are Peta's fault or a changed server; no client can act on them (MCP-83). */
function assertRelayable({ code }: ServerFrame, server: string): void {
  if (code === -32020 || code === -32022) throw new CoreError('server_misbehaves', { server, code })
}
