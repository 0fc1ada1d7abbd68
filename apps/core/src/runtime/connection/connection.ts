import { randomBytes } from '../../crypto/random.ts'
import type { Call, CallResult, Outlet } from '../../model/call.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { TraceHop } from '../../protocol/trace-context.ts'
import { NO_CHANNEL, openChannel } from './channel.ts'
import {
  createCorrelator,
  publicError,
  type Correlator,
  type CorrelatorParts,
} from './correlator.ts'
import { forward } from './forward.ts'
import { createGivenRoots } from './given-roots.ts'
import { greet, type Greeting, type HandshakeTerms } from './handshake.ts'
import type { WireEnd } from '../launch/wire.ts'
import { ownRequest } from './own-request.ts'
import { openQuestionStream } from './question-stream.ts'
import {
  createSubscriptions,
  type Channel,
  type Subscriber,
} from '../subscriptions/subscriptions.ts'

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
    const missed = (): void => {
      subscriptions.missed()
      parts.onListChanged()
    }
    const hasStream = greeting.era === 'legacy' && terms.asks.length > 0
    if (hasStream) {
      const stream = await openQuestionStream({ wire, clock, timers, missed }, signal)
      void wire.ended.then(() => stream?.[Symbol.dispose]())
    }
    const trace = { newSpanId, relaysBaggage }
    const tellsRoots = greeting.era === 'legacy' && !parts.roots && terms.asks.includes('roots')
    const givenRoots = tellsRoots
      ? createGivenRoots(() => notifyServer(wire, greeting, 'notifications/roots/list_changed'))
      : undefined
    const started = { wire, greeting, clock, timers, trace, roots: parts.roots, givenRoots }
    const ask: Connection['ask'] = (method, params, waitMs, askSignal) =>
      wire.exchange(ownRequest(greeting, method, params, waitMs), askSignal).catch(throwPublic)
    opened.channel = openChannel({ ...parts, wire, greeting, ask, hasStream, missed })
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

function notifyServer(wire: Correlator, { protocolVersion }: Greeting, method: string): void {
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method }))
  wire.notify({ bytes, method, era: 'legacy', protocolVersion })
}

function throwPublic(error: unknown): never {
  throw publicError(error)
}
