import type { Clock } from '../../ground/clock.ts'
import { isCoreError } from '../../ground/errors.ts'
import type { Answer, Askable, QuestionMethod } from '../../model/question.ts'
import { askNeeded, isQuestionMethod } from '../../protocol/client-asks.ts'
import { readValue } from '../../protocol/members.ts'
import type { Root } from '../../model/server.ts'
import { rootsResult } from './fixed-roots.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { PendingRequest } from './pending-requests.ts'

export type ServerRequestParts = Readonly<{
  clock: Pick<Clock, 'nowMs'>
  roots?: readonly Root[]
  send: (bytes: Buffer, method: string) => void
}>

const METHOD_NOT_FOUND = refusal(-32_601, 'Method not found')
const MODE_NOT_OFFERED = refusal(-32_602, 'The client does not offer this mode')
const ASKED_TOO_MUCH = refusal(-32_603, 'Too much was asked of the client; ask later')
const CLIENT_GONE = refusal(-32_603, 'The client did not answer')
const CANCELLED: Answer = { result: Buffer.from('{"action":"cancel"}') }
const PONG: Answer = { result: Buffer.from('{}') }

/**
 * Answers what a server asks of its client. A question goes to the client whose call it belongs to, as far as it
 * offered to be asked; everything else is told at once that it is not offered, so that a server never waits for it
 * (MCP-61, MCP-69).
 */
export function createServerRequests(
  parts: ServerRequestParts,
): (frame: ServerFrame, owner: PendingRequest | undefined) => void {
  function reply({ bytes, spans }: ServerFrame, answer: Answer): void {
    if (!spans.id) return
    const [name, value] = 'result' in answer ? ['result', answer.result] : ['error', answer.error]
    const id = bytes.toString('utf8', ...spans.id)
    const text = `{"jsonrpc":"2.0","id":${id},"${name}":${value.toString('utf8')}}`
    try {
      parts.send(Buffer.from(text), 'response')
    } catch {
      // A server that does not read, or is gone, gets no answer.
    }
  }

  return function answerServer(frame, owner) {
    const { method } = frame
    if (method === 'ping') return reply(frame, PONG)
    if (method === 'roots/list' && parts.roots) {
      return reply(frame, { result: rootsResult(parts.roots) })
    }
    const askable = owner?.request.relay?.askable
    if (!owner || !askable || !isQuestionMethod(method)) return reply(frame, METHOD_NOT_FOUND)
    const params = paramsOf(frame)
    const refused = refusalOf(askable, method, params)
    if (refused) return reply(frame, refused)
    void askPausing(parts, owner, () => askable.ask({ method, params }))
      .catch((error: unknown) => unanswered(method, error))
      .then((answer) => reply(frame, answer))
  }
}

/** What a question gets that its client gave no answer to (MCP-63, MCP-68). */
function unanswered(method: QuestionMethod, error: unknown): Answer {
  if (method === 'elicitation/create') return CANCELLED
  return isCoreError(error, 'rate_limited') ? ASKED_TOO_MUCH : CLIENT_GONE
}

function refusalOf({ asks }: Askable, method: QuestionMethod, params: Buffer): Answer | undefined {
  if (asks.includes(askNeeded(method, JSON.parse(params.toString('utf8'))))) return undefined
  const isOtherMode = asks.some((ask) => ask.startsWith('elicitation.'))
  return method === 'elicitation/create' && isOtherMode ? MODE_NOT_OFFERED : METHOD_NOT_FOUND
}

/** A person may take longer than a server: the clocks of the call stand still until the client has answered. */
async function askPausing(
  { clock }: ServerRequestParts,
  owner: PendingRequest,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const askedMs = clock.nowMs()
  owner.openQuestions += 1
  try {
    return await ask()
  } finally {
    owner.openQuestions -= 1
    if (owner.openQuestions === 0) {
      const waitedMs = clock.nowMs() - askedMs
      owner.startedMs += waitedMs
      owner.activeMs += waitedMs
    }
  }
}

function paramsOf({ bytes, spans }: ServerFrame): Buffer {
  const isObject = spans.params && typeof readValue(bytes, spans.params) === 'object'
  return isObject && spans.params ? bytes.subarray(...spans.params) : Buffer.from('{}')
}

function refusal(code: number, message: string): Answer {
  return { error: Buffer.from(JSON.stringify({ code, message })) }
}
