import type { NewId } from '../../ground/ids.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Outlet } from '../../model/call.ts'
import type { RequestId } from '../../model/frame.ts'
import type { Answer, Askable, Question } from '../../model/question.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'
import type { Session } from '../sessions/sessions.ts'

export type SessionQuestionParts = Readonly<{
  session: Session
  /** The stream of the request that a question belongs to (MCP-34). */
  outlet: Outlet
  newId: NewId
  timers: Pick<Timers, 'after'>
}>

/** Nobody waits longer for a person, whatever the server does (MCP-64). */
const ANSWER_MS_MAX = 600_000

/**
 * Asks a legacy client over the stream of its own request. The answer comes by another request of the same session.
 * `end` lets nobody wait any more.
 */
export function openSessionQuestions({
  session,
  outlet,
  newId,
  timers,
}: SessionQuestionParts): Askable & Readonly<{ end: () => void }> {
  const ending = new AbortController()

  session.rootsMark ??= {}
  return {
    asks: session.asks,
    rootsMark: session.rootsMark,
    async ask(question) {
      if (ending.signal.aborted) throw new Error('the call is over')
      const id = newId('ask')
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      const giveUp = (): void => reject(new Error('the client did not answer'))
      using timer = timers.after(ANSWER_MS_MAX, giveUp)
      void timer
      ending.signal.addEventListener('abort', giveUp, { once: true })
      session.questions.set(id, resolve)
      try {
        outlet.notify(encodeQuestion(id, question))
        return await promise
      } finally {
        session.questions.delete(id)
      }
    },
    end: () => ending.abort(),
  }
}

/** False when that session was asked nothing under this id (MCP-14). */
export function takeAnswer(session: Session, id: RequestId, bytes: Buffer): boolean {
  const waiting = typeof id === 'string' ? session.questions.get(id) : undefined
  const { result, error } = readServerFrame(bytes).spans
  if (!waiting || (!result && !error)) return false
  waiting(result ? { result: bytes.subarray(...result) } : { error: errorOf(bytes, error) })
  return true
}

const errorOf = (bytes: Buffer, span: readonly [number, number] | undefined): Buffer =>
  span ? bytes.subarray(...span) : Buffer.from('{}')

const encodeQuestion = (id: string, { method, params }: Question): Buffer =>
  Buffer.from(
    `{"jsonrpc":"2.0","id":"${id}","method":"${method}","params":${params.toString('utf8')}}`,
  )
