import { CoreError } from '../../ground/errors.ts'
import type { Frame } from '../../model/frame.ts'
import type { Answer, Question } from '../../model/question.ts'
import { OPEN_OBJECT } from '../../protocol/json-bytes.ts'
import { readMembers } from '../../protocol/members.ts'
import { answerCheck, type CheckAnswer } from './check-answer.ts'

export type KeyedQuestion = readonly [key: string, question: Question]

/** Questions of one call that wait for its client to come back. */
export type QuestionRoom = Readonly<{
  ask: (question: Question) => Promise<Answer>
  /** Resolves as soon as a question waits. */
  asked: () => Promise<undefined>
  all: () => readonly KeyedQuestion[]
  /**
   * Hands out what the client says to each, byte for byte; what it does not answer goes on waiting (MCP-67).
   *
   * @throws CoreError `params_invalid` when one of the answers is none; then all go on waiting
   */
  take: (frame: Frame) => void
  /** Nobody comes back, to these questions or any other. */
  giveUp: () => void
}>

type Waiting = Readonly<{
  question: Question
  check: CheckAnswer
  settle: PromiseWithResolvers<Answer>
}>

/** `mayWait` says whether one more may be kept waiting at all (MCP-70). */
export function createQuestionRoom(mayWait: () => boolean): QuestionRoom {
  const waiting = new Map<string, Waiting>()
  let arrival = Promise.withResolvers<undefined>()
  let count = 0
  let isClosed = false
  const used = new Set<string>()

  /** No key is ever used for another question: clients tell them apart by it (MCP-66). */
  function newKey(own: string | undefined): string {
    let key = own
    while (key === undefined || used.has(key)) key = `q${(count += 1)}`
    used.add(key)
    return key
  }

  return {
    async ask(question) {
      if (isClosed || !mayWait()) throw new CoreError('calls_limited')
      const check = answerCheck(question)
      const settle = Promise.withResolvers<Answer>()
      waiting.set(newKey(question.key), { question, check, settle })
      arrival.resolve(undefined)
      return settle.promise
    },
    asked() {
      if (waiting.size === 0) arrival = Promise.withResolvers<undefined>()
      return arrival.promise
    },
    all: () => [...waiting].map(([key, { question }]) => [key, question]),
    take(frame) {
      const responses = responsesIn(frame)
      for (const [key, result] of responses) {
        waiting.get(key)?.check(key, JSON.parse(result.toString('utf8')))
      }
      for (const [key, result] of responses) {
        waiting.get(key)?.settle.resolve({ result })
        waiting.delete(key)
      }
    },
    giveUp() {
      isClosed = true
      for (const { settle } of waiting.values()) {
        settle.reject(new Error('the client did not come back'))
      }
      waiting.clear()
    },
  }
}

/** Whatever is no object answers nothing. */
function responsesIn({ bytes, spans }: Frame): readonly (readonly [key: string, bytes: Buffer])[] {
  const members = spans.params ? readMembers(bytes, spans.params) : []
  const responses = members.find(({ name }) => name === 'inputResponses')
  if (!responses) return []
  return readMembers(bytes, responses.value)
    .filter(({ value }) => bytes[value[0]] === OPEN_OBJECT)
    .map(({ name, value }) => [name, bytes.subarray(...value)])
}
