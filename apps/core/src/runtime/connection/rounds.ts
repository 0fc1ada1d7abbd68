import { CoreError } from '../../ground/errors.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Call } from '../../model/call.ts'
import type { Answer, Askable, Question, QuestionMethod } from '../../model/question.ts'
import { askNeeded, isQuestionMethod } from '../../protocol/client-asks.ts'
import type { Round } from '../../protocol/encode-request.ts'
import { inputRequired, type InputRequest } from '../../protocol/input-required.ts'
import type { ServerFrame } from '../../model/frame.ts'
import { pause } from './pause.ts'

export type RoundParts = Readonly<{
  call: Call
  askable: Askable | undefined
  /** What is answered here, where its client is asked in rounds for all else. */
  only?: QuestionMethod
  send: (round: Round) => Promise<ServerFrame>
  timers: Pick<Timers, 'after'>
  signal: AbortSignal
}>

/** A server that always has another question never ends (MCP-64). */
const ROUNDS_MAX = 8
const PAUSE_MIN_MS = 250
const PAUSE_MAX_MS = 5000

/**
 * Carries the questions in a modern server's results to a client that answers while it waits, and sends the call again
 * with what it said, until the result is one (MCP-63).
 *
 * @throws CoreError `server_misbehaves`, `outcome_unknown` when the client refused what the server cannot do without
 */
export async function throughRounds(first: ServerFrame, parts: RoundParts): Promise<ServerFrame> {
  let frame = first
  for (let round = 1; ; round += 1) {
    const needed = inputRequired(frame)
    if (!needed || !isAnsweredHere(parts, needed.requests)) return frame
    if (round > ROUNDS_MAX) throw misbehaves(parts, 'it asks and asks')
    if (needed.requests.length === 0) await pause(parts, pauseMs(round), 'server:round')
    const answers = await askAll(parts, needed.requests)
    frame = await parts.send({
      inputResponses: `{${answers.join(',')}}`,
      ...(needed.requestState !== undefined && { requestState: needed.requestState }),
    })
  }
}

/** What a client is asked in rounds holds no answer of anyone else's, so one result cannot ask both. */
function isAnsweredHere(parts: RoundParts, requests: readonly InputRequest[]): boolean {
  const { only } = parts
  if (only === undefined) return true
  const ours = requests.filter(({ method }) => method === only)
  if (ours.length > 0 && ours.length < requests.length) {
    throw misbehaves(parts, `it asks ${only} together with more`)
  }
  return ours.length > 0
}

/** One after another: a person reads one form at a time. */
async function askAll(
  parts: RoundParts,
  requests: readonly InputRequest[],
): Promise<readonly string[]> {
  const answers: string[] = []
  for (const { key, method, params } of requests) {
    if (!isQuestionMethod(method)) throw misbehaves(parts, 'it asks what no client can answer')
    const answer = await askOne(parts, { method, params })
    answers.push(`${JSON.stringify(key)}:${answer.toString('utf8')}`)
  }
  return answers
}

async function askOne({ askable, ...parts }: RoundParts, question: Question): Promise<Buffer> {
  const { method, params } = question
  const needed = askNeeded(method, JSON.parse(params.toString('utf8')))
  if (!askable?.asks.includes(needed)) throw misbehaves(parts, 'it asks what was not offered')
  const answer = await askable.ask(question).catch((): Answer => NO_ANSWER)
  if ('result' in answer) return answer.result
  if (method === 'elicitation/create') return CANCELLED
  throw new CoreError('outcome_unknown', {
    server: parts.call.server.slug,
    reason: 'client_refused',
  })
}

const NO_ANSWER: Answer = { error: Buffer.from('{}') }
const CANCELLED = Buffer.from('{"action":"cancel"}')

/** A state without questions is a request to come back later (MCP-64). */
const pauseMs = (round: number): number => Math.min(PAUSE_MIN_MS * 2 ** (round - 1), PAUSE_MAX_MS)

const misbehaves = ({ call }: Pick<RoundParts, 'call'>, problem: string): CoreError =>
  new CoreError('server_misbehaves', { server: call.server.slug, problem })
