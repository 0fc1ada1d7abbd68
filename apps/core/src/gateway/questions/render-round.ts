import type { Question } from '../../model/question.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { withoutElicitationId } from '../../protocol/url-elicitations.ts'
import { answerTo, type Asked, type McpReply } from '../outcome.ts'

export type Asks = Readonly<{
  questions: readonly (readonly [key: string, question: Question])[]
  requestState: string
}>

/** Questions of a server that asks by requests, in the form of clients that are asked in results (MCP-66). */
export function renderQuestions(asked: Asked, { questions, requestState }: Asks): McpReply {
  const result = [
    '{"resultType":"input_required"',
    questions.length > 0 ? `,"inputRequests":${inputRequestsOf(questions)}` : '',
    `,"requestState":${JSON.stringify(requestState)}`,
    `,"_meta":{"${metaKeys.serverInfo}":${asked.serverInfo}}}`,
  ]
  return { status: 200, body: answerTo(asked, result.join('')) }
}

/** One JSON object, with each question under its key. */
export function inputRequestsOf(questions: Asks['questions']): string {
  const requests = questions.map(
    ([key, { method, params }]) =>
      `${JSON.stringify(key)}:{"method":"${method}","params":${withoutElicitationId(params).toString('utf8')}}`,
  )
  return `{${requests.join(',')}}`
}
