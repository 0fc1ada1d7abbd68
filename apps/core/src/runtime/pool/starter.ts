import { CoreError, isCoreError } from '../../ground/errors.ts'
import type { Backoff } from './backoff.ts'
import type { Connection } from '../connection/connection.ts'
import type { InstanceKey, InstanceTerms, PoolEvent } from './instance.ts'
import type { WireEnd } from '../launch/wire.ts'

/** Holds at most one connection, and at most one start, however many ask for it (RUN-42). */
export type Starter = Readonly<{
  current: () => Connection | undefined
  /** @throws CoreError `server_unavailable`, `server_quarantined`, `server_misbehaves`, `egress_refused` */
  start: () => Promise<Connection>
  stop: () => Promise<void>
  /** Stops, and never starts again. */
  retire: () => Promise<void>
  state: () => 'sleeping' | 'starting' | 'ready'
}>

export type StarterParts = Readonly<{
  key: InstanceKey
  terms: InstanceTerms
  backoff: Backoff
  onEvent: (event: PoolEvent) => void
}>

/** Counts how starts and lives end, and forgets a connection the moment it ended. */
export function createStarter({ key, terms, backoff, onEvent }: StarterParts): Starter {
  const troubles = createTroubles({ key, terms, backoff, onEvent })
  let connection: Connection | undefined
  let starting: Promise<Connection> | undefined
  const ending = new AbortController()

  async function adopt(started: Connection): Promise<Connection> {
    if (ending.signal.aborted) return killLate(started, terms.server)
    connection = started
    void forgetWhenEnded(started)
    troubles.started()
    return started
  }

  async function forgetWhenEnded(started: Connection): Promise<void> {
    const end = await started.ended
    if (connection === started) connection = undefined
    troubles.ended(end)
  }

  async function startOnce(): Promise<Connection> {
    try {
      return await adopt(await terms.start(ending.signal))
    } catch (error) {
      if (!ending.signal.aborted) troubles.startFailed(reasonOf(error))
      throw startError(error, terms.server)
    } finally {
      starting = undefined
    }
  }

  async function stop(): Promise<void> {
    const stopping = connection
    connection = undefined
    await stopping?.stop()
  }

  return {
    current: () => connection,
    async start() {
      if (ending.signal.aborted) throw unavailable(terms.server, 'stopped')
      if (!starting) troubles.assertMayStart()
      starting ??= startOnce()
      return starting
    },
    stop,
    async retire() {
      ending.abort()
      await starting?.catch(() => {})
      await stop()
    },
    state: () => (connection ? 'ready' : starting ? 'starting' : 'sleeping'),
  }
}

function reasonOf(error: unknown): string {
  if (!isCoreError(error)) return 'start_failed'
  const { reason } = error.facts
  return typeof reason === 'string' ? reason : error.code
}

/** Nobody may use what came up after its slot was given up. */
async function killLate(started: Connection, server: string): Promise<never> {
  await started.kill()
  throw unavailable(server, 'stopped')
}

type Troubles = Readonly<{
  started: () => void
  startFailed: (reason: string) => void
  ended: (end: WireEnd) => void
  assertMayStart: () => void
}>

function createTroubles({ key, terms, backoff, onEvent }: StarterParts): Troubles {
  function failed(kind: 'start_failed' | 'crashed', reason: string): void {
    onEvent({ kind, key, reason })
    if (backoff.failed()) onEvent({ kind: 'quarantined', key, reason })
  }

  return {
    started() {
      backoff.healthy()
      onEvent({ kind: 'started', key })
    },
    startFailed: (reason) => failed('start_failed', reason),
    ended({ reason, detail }) {
      // A session that the server forgot is no failure of the server.
      if (reason === 'stopped' || reason === 'session_lost') return
      failed('crashed', detail === undefined ? reason : `${reason} ${detail}`)
    },
    assertMayStart() {
      const { server } = terms
      const state = backoff.state()
      if (state.kind === 'quarantined') throw new CoreError('server_quarantined', { server })
      if (state.kind === 'clear') return
      const retryAfterS = Math.ceil(state.waitMs / 1000)
      throw new CoreError('server_unavailable', { server, reason: 'backing_off', retryAfterS })
    },
  }
}

/** A start sends no call, so whatever went wrong in it, the call is known not to have been sent. */
function startError(error: unknown, server: string): Error {
  const isAboutStart =
    isCoreError(error) && error.code !== 'outcome_unknown' && error.code !== 'call_timed_out'
  if (isAboutStart) return error
  return new CoreError('server_unavailable', { server, reason: 'start_failed' }, { cause: error })
}

const unavailable = (server: string, reason: string): CoreError =>
  new CoreError('server_unavailable', { server, reason })
