import { CoreError } from '../../ground/errors.ts'
import type { NewId } from '../../ground/ids.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Call, Outlet } from '../../model/call.ts'
import type { Effect } from '../../model/decision.ts'
import type { Frame } from '../../model/frame.ts'
import type { Ask } from '../../model/question.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import { withTokenOf } from '../notices.ts'
import { createQuestionRoom, type KeyedQuestion } from './question-room.ts'

/** What a round of an exchange ends in: the call's outcome, or questions for the client to come back with. */
export type Turn =
  | Readonly<{ outcome: GovernedOutcome }>
  | Readonly<{ questions: readonly KeyedQuestion[]; nonce: string }>

/**
 * One call of a client that is asked in rounds, from its first request to its outcome. Between two rounds it is
 * parked: the server's request stays open, and nobody's hanging up ends it (MCP-66, MCP-68).
 */
export type Exchange = Readonly<{
  id: string
  call: Call
  /** What the rules said when it began. */
  effect: Effect
  outlet: Outlet
  /** Aborts when the client left in the middle of a round, or never came back. */
  signal: AbortSignal
  /** Starts the call and gives its first turn. */
  begin: (work: () => Promise<GovernedOutcome>) => Promise<Turn>
  /**
   * The client is back, with answers to what it was asked, on another stream.
   *
   * @throws CoreError `params_invalid` when it came back with this state before, or with an answer that is none; after
   *   that it may come back with the same state
   */
  resume: (nonce: string, round: Round) => Promise<Turn>
  /** It does not go on: the server is told that nobody answers, and then that nobody waits. Resolves when it is over. */
  abandon: () => Promise<void>
}>

/** A request of the client, and its way back. */
export type Round = Readonly<{ frame: Frame; outlet: Outlet; closed: AbortSignal }>

export type FirstRound = Round &
  Readonly<{ owner: string; call: Call; effect: Effect; asks: readonly Ask[] }>

export type Exchanges = Readonly<{
  open: (first: FirstRound) => Exchange
  /** Undefined when nothing is parked under that id, on this process or any more. */
  find: (id: string) => Exchange | undefined
  /** Nobody will come back to this process: hands every parked call back as cancelled, and parks no more (MCP-70). */
  stop: () => Promise<void>
}>

type Parts = Readonly<{ newId: NewId; timers: Pick<Timers, 'after'> }>

/** Beyond these nobody else is kept waiting (MCP-70). */
const PARKED_PER_OWNER_MAX = 8
const PARKED_MAX = 1000
/** A client that does not come back in this time is not coming (MCP-68). */
const PARKED_MS_MAX = 5 * 60_000
/** What a server gets to end its call once nobody answers it any more. */
const GRACE_MS = 5_000

export function createExchanges(parts: Parts): Exchanges {
  const parked = new Map<string, Readonly<{ owner: string; exchange: Exchange }>>()
  let isStopped = false

  const mayPark = (owner: string): boolean =>
    !isStopped &&
    parked.size < PARKED_MAX &&
    [...parked.values()].filter((one) => one.owner === owner).length < PARKED_PER_OWNER_MAX

  return {
    open(first) {
      const { owner } = first
      const exchange: Exchange = createExchange(parts, first, {
        mayPark: () => mayPark(owner),
        park: () => void parked.set(exchange.id, { owner, exchange }),
        unpark: () => void parked.delete(exchange.id),
      })
      return exchange
    },
    find: (id) => parked.get(id)?.exchange,
    async stop() {
      isStopped = true
      await Promise.all([...parked.values()].map(({ exchange }) => exchange.abandon()))
    },
  }
}

type Place = Readonly<{ mayPark: () => boolean; park: () => void; unpark: () => void }>

function createExchange({ newId, timers }: Parts, first: FirstRound, place: Place): Exchange {
  const leaving = new AbortController()
  const room = createQuestionRoom(() => !leaving.signal.aborted && place.mayPark())
  let { notify } = first.outlet
  let attending = attend(first.closed, leaving)
  let parking: Readonly<{ nonce: string; expiry: Disposable }> | undefined

  async function turn(outcome: Promise<GovernedOutcome>): Promise<Turn> {
    using round = attending
    const settled = await Promise.race([outcome, room.asked()])
    void round
    if (settled) return { outcome: settled }
    notify = silent
    parking = { nonce: newId('rnd'), expiry: timers.after(PARKED_MS_MAX, () => void abandon()) }
    place.park()
    return { questions: room.all(), nonce: parking.nonce }
  }

  async function abandon(): Promise<void> {
    place.unpark()
    parking?.expiry[Symbol.dispose]()
    room.giveUp()
    await ended(outcome, leaving, timers)
  }

  let outcome: Promise<GovernedOutcome>
  return {
    id: newId('exc'),
    call: first.call,
    effect: first.effect,
    signal: leaving.signal,
    abandon,
    outlet: {
      notify: (frame) => notify(frame),
      askable: { asks: first.asks, ask: async (question) => room.ask(question) },
    },
    begin(work) {
      outcome = work()
      // Whoever comes back is told of its failure; when nobody does, the log has it.
      outcome.catch(() => undefined)
      return turn(outcome)
    },
    async resume(nonce, { frame, outlet, closed }) {
      if (parking?.nonce !== nonce) throw stateUsed()
      room.take(frame)
      parking.expiry[Symbol.dispose]()
      parking = undefined
      place.unpark()
      notify = withTokenOf(frame, outlet).notify
      attending = attend(closed, leaving)
      return turn(outcome)
    },
  }
}

/** With nobody to answer it, a call ends by itself or is given up. */
async function ended(
  outcome: Promise<GovernedOutcome>,
  leaving: AbortController,
  timers: Pick<Timers, 'after'>,
): Promise<void> {
  const leave = (): void => leaving.abort(new Error('the client did not come back'))
  using grace = timers.after(GRACE_MS, leave)
  void grace
  await outcome.catch(() => undefined)
}

const silent = (): void => undefined

/** While its request is open, a client that hangs up has given the call up (MCP-131). */
function attend(closed: AbortSignal, leaving: AbortController): Disposable {
  const leave = (): void => leaving.abort(closed.reason)
  if (closed.aborted) leave()
  closed.addEventListener('abort', leave, { once: true })
  return { [Symbol.dispose]: () => closed.removeEventListener('abort', leave) }
}

const stateUsed = (): CoreError =>
  new CoreError('params_invalid', { problem: 'The request state was used already.' })
