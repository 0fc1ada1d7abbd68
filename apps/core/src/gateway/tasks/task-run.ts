import type { Timers } from '../../ground/timers.ts'
import type { Outlet } from '../../model/call.ts'
import type { Frame } from '../../model/frame.ts'
import type { Answer, Ask, Question } from '../../model/question.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import { createQuestionRoom, type KeyedQuestion } from '../questions/question-room.ts'

/** One call whose client takes a task for an answer. As long as it gets none, the call ends with its request. */
export type TaskRun = Readonly<{
  /** What the client's request is answered with: the outcome, or that the call lasts. */
  turn: Promise<Readonly<{ outcome: GovernedOutcome }> | Lasting>
  outcome: Promise<GovernedOutcome>
  /** What waits for the client's answers, each under a key that no other question of the task ever has. */
  questions: () => readonly KeyedQuestion[]
  /** Hands out the answers in this request of the client (MCP-66). */
  answer: (frame: Frame) => void
  /** From now on the call goes on whether its client is there or not. */
  detach: () => void
  /** Nobody wants it any more. */
  giveUp: (reason: string) => void
}>

/** Why a call becomes a task: a person is asked, the server asks its client, or it takes long. */
export type Lasting = Readonly<{ approvalId?: string }>

export type RunStart = Readonly<{
  outlet: Pick<Outlet, 'notify'>
  asks: readonly Ask[]
  /** Aborts when the client hangs up. */
  closed: AbortSignal
  /** It is one from the start. */
  isTask?: boolean
  /** Of a task already: the approval that it waits for. */
  approvalId?: string
  work: (outlet: Outlet, signal: AbortSignal) => Promise<GovernedOutcome>
}>

export type RunParts = Readonly<{
  timers: Pick<Timers, 'after'>
  /** Nobody waits for people any longer: Peta stops, and goes on when it starts again. */
  until: AbortSignal
  /** A question was asked or answered. */
  changed: () => void
}>

/** How long a client is kept waiting for an answer that may be the outcome. */
const HOLD_MS = 25_000
/** Nobody waits longer for a client, whatever the server does (MCP-64). */
const ANSWER_MS_MAX = 600_000
const QUESTIONS_MAX = 32

export function startTaskRun({ timers, until, changed }: RunParts, start: RunStart): TaskRun {
  const { approvalId, closed } = start
  const leaving = new AbortController()
  const room = createQuestionRoom(() => room.all().length < QUESTIONS_MAX)
  const lasting = Promise.withResolvers<Lasting>()
  let isTask = start.isTask === true || approvalId !== undefined
  const last = (why: Lasting): void => {
    isTask = true
    lasting.resolve(why)
  }
  const hold = timers.after(HOLD_MS, () => last({}))
  const detach = attend(closed, leaving)

  const ask = async (question: Question): Promise<Answer> => {
    using expiry = timers.after(ANSWER_MS_MAX, room.giveUp)
    void expiry
    const answer = room.ask(question)
    last({})
    changed()
    return answer.finally(changed)
  }
  const outcome = start.work(
    {
      notify: (frame) => void (isTask || start.outlet.notify(frame)),
      ...(start.asks.length > 0 && { askable: { asks: start.asks, ask } }),
      goesOnAlone: () => isTask,
      goOnAlone: () => last({}),
      wait: {
        until,
        pending({ approvalId: id }) {
          last({ approvalId: id })
          return undefined
        },
        ...(approvalId !== undefined && { approvalId }),
      },
    },
    leaving.signal,
  )
  // Whoever asks for the task is told of its failure.
  outcome.catch(() => undefined).finally(() => hold[Symbol.dispose]())

  return {
    turn: firstOf(outcome, lasting.promise),
    outcome,
    questions: room.all,
    answer: room.take,
    detach,
    giveUp(reason) {
      room.giveUp()
      leaving.abort(new Error(reason))
    },
  }
}

/** Whoever hangs up meanwhile has given the call up (MCP-131). Gives what ends this. */
function attend(closed: AbortSignal, leaving: AbortController): () => void {
  const leave = (): void => leaving.abort(closed.reason)
  closed.addEventListener('abort', leave, { once: true })
  if (closed.aborted) leave()
  return () => closed.removeEventListener('abort', leave)
}

/** Nobody may wait for it. */
function firstOf(outcome: Promise<GovernedOutcome>, lasting: Promise<Lasting>): TaskRun['turn'] {
  const turn = Promise.race([outcome.then((ended) => ({ outcome: ended })), lasting])
  turn.catch(() => undefined)
  return turn
}
