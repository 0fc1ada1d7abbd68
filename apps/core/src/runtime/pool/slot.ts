import { waitOrAbort } from '../../ground/abort.ts'
import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Backoff } from './backoff.ts'
import { createBreaker, type Breaker } from './breaker.ts'
import type { Connection } from '../connection/connection.ts'
import { createGate } from './gate.ts'
import {
  isTransportFailure,
  type InstanceKey,
  type InstanceStatus,
  type InstanceTerms,
  type PoolEvent,
} from './instance.ts'
import { createStarter } from './starter.ts'

/** What is done in Peta's own interest keeps no server awake. */
export type UseOf = 'caller' | 'peta'

type Use = <T>(
  work: (connection: Connection) => Promise<T>,
  signal: AbortSignal,
  of?: UseOf,
) => Promise<T>

/** The one place in the pool that a key has: at most one connection, started when first needed (RUN-42). */
export type Slot = Readonly<{
  key: InstanceKey
  use: Use
  /** True when nobody used it for as long as its terms say; its connection is ended then. */
  stopIfIdle: () => boolean
  /** Ends it for good: no new start, and what runs has so long to finish (RUN-57). */
  retire: (drainMs: number) => Promise<void>
  status: () => InstanceStatus
}>

export type SlotParts = Readonly<{
  key: InstanceKey
  terms: InstanceTerms
  clock: Clock
  timers: Pick<Timers, 'after'>
  backoff: Backoff
  onEvent: (event: PoolEvent) => void
}>

const PING_MS = 5000

export function createSlot(parts: SlotParts): Slot {
  const { key, terms, clock, timers, backoff } = parts
  const gate = createGate(terms.server, terms.inFlightMax)
  const breaker = createBreaker(clock)
  const starter = createStarter(parts)
  let idleSinceMs = clock.nowMs()

  async function use<T>(
    work: (connection: Connection) => Promise<T>,
    signal: AbortSignal,
    of: UseOf = 'caller',
  ): Promise<T> {
    assertAnswering(breaker, starter.current(), terms.server)
    await gate.enter(signal)
    let connection: Connection | undefined
    try {
      connection = starter.current() ?? (await waitOrAbort(starter.start(), signal, 'server:start'))
      const result = await work(connection)
      breaker.succeeded()
      return result
    } catch (error) {
      // Starts are the back-off's matter; the breaker counts what becomes of requests.
      if (connection && isTransportFailure(error)) breaker.failed()
      throw error
    } finally {
      gate.leave()
      if (of === 'caller') idleSinceMs = clock.nowMs()
    }
  }

  return {
    key,
    use,
    stopIfIdle() {
      const isUsed = gate.inFlight() > 0 || starter.current()?.isSubscribed() === true
      const isIdle = !isUsed && clock.nowMs() - idleSinceMs >= terms.idleStopMs
      if (isIdle) void starter.stop()
      return isIdle
    },
    async retire(drainMs) {
      if (drainMs > 0) await atMost(drainMs, gate.empty(), timers)
      await starter.retire()
    },
    status: () => ({
      key,
      state: stateOf(starter.state(), backoff),
      inFlight: gate.inFlight(),
      waiting: gate.waiting(),
    }),
  }
}

async function atMost(
  waitMs: number,
  work: Promise<void>,
  timers: Pick<Timers, 'after'>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = timers.after(waitMs, resolve)
  await Promise.race([work, promise])
  timer[Symbol.dispose]()
}

/** While the breaker is open only a ping of our own finds out whether the server answers again (RUN-50). */
function assertAnswering(
  breaker: Breaker,
  connection: Connection | undefined,
  server: string,
): void {
  const verdict = breaker.admit()
  if (verdict === 'pass') return
  if (verdict === 'probe') {
    if (connection) void ping(connection).then(breaker.succeeded, breaker.failed)
    else breaker.succeeded()
  }
  throw new CoreError('server_unavailable', { server, reason: 'not_answering' })
}

function stateOf(
  state: 'sleeping' | 'starting' | 'ready',
  backoff: Backoff,
): InstanceStatus['state'] {
  const trouble = backoff.state().kind
  if (state !== 'sleeping' || trouble === 'clear') return state
  return trouble === 'wait' ? 'backing_off' : 'quarantined'
}

const ping = (connection: Connection): Promise<unknown> =>
  connection.ask(
    connection.greeting.era === 'modern' ? 'server/discover' : 'ping',
    {},
    PING_MS,
    AbortSignal.timeout(PING_MS),
  )
