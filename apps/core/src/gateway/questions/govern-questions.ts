import { CoreError } from '../../ground/errors.ts'
import type { Action, Call, CallResult, Outlet } from '../../model/call.ts'
import type { Principal } from '../../model/principal.ts'
import type { Answer, Ask, Question, QuestionMethod } from '../../model/question.ts'
import { isQuestionMethod } from '../../protocol/client-asks.ts'
import { inputRequired } from '../../protocol/input-required.ts'
import { frameOf } from '../../protocol/server-frame.ts'
import { requiredVisits } from '../../protocol/url-elicitations.ts'
import type { CallStages } from '../governed-call.ts'

type Stages = Pick<CallStages, 'decide' | 'record' | 'spend'>

const actions: Readonly<Record<QuestionMethod, Action>> = {
  'elicitation/create': 'client.elicit',
  'sampling/createMessage': 'client.sample',
  'roots/list': 'client.roots',
}

const methods: Readonly<Record<Ask, QuestionMethod>> = {
  'elicitation.form': 'elicitation/create',
  'elicitation.url': 'elicitation/create',
  sampling: 'sampling/createMessage',
  'sampling.context': 'sampling/createMessage',
  'sampling.tools': 'sampling/createMessage',
  roots: 'roots/list',
}

/**
 * What a server asks of the client is decided and recorded like a call, before the client sees it (MCP-2, MCP-71). The
 * server is told only of what a rule lets it ask (MCP-55).
 */
export function governQuestions(
  stages: Stages,
  principal: Principal,
  call: Call,
  outlet: Outlet,
): Outlet {
  const { askable, ...plain } = outlet
  if (!askable) return outlet
  const may = (method: QuestionMethod): boolean =>
    stages.decide(principal, callFor(call, { method, params: NO_PARAMS })).effect === 'allow'
  const asks = askable.asks.filter((ask) => may(methods[ask]))
  if (asks.length === 0) return plain

  const ask = async (question: Question): Promise<Answer> => {
    const asked = callFor(call, question)
    const decision = stages.decide(principal, asked)
    let answer: Answer | undefined
    await stages.record({ principal, call: asked, decision }, async () => {
      if (decision.effect !== 'allow') return { state: 'denied', decision }
      stages.spend(principal, asked, decision)
      answer = await askable.ask(question)
      return { state: 'done', result: resultOf(answer) }
    })
    if (!answer) throw new CoreError('name_unknown')
    return answer
  }
  return { ...plain, askable: { ...askable, asks, ask } }
}

/**
 * The same for questions that stand in a server's answer: what no rule allows is not shown to the client.
 *
 * @throws CoreError `server_misbehaves`: the server was told what it may ask; `rate_limited` beyond its budget
 */
export function governRound(
  stages: Stages,
  principal: Principal,
  call: Call,
  result: CallResult,
): Promise<void> | undefined {
  const questions = questionsIn(result)
  return questions && governEach(stages, principal, call, questions)
}

type Asked = Readonly<{ method: string; params: Buffer }>

/** Nearly no result is one of these. */
function questionsIn(result: CallResult): readonly Asked[] | undefined {
  const frame = frameOf(result)
  if (!result.isError) return inputRequired(frame)?.requests
  return requiredVisits(frame)?.map(({ params }) => ({ method: 'elicitation/create', params }))
}

// oxlint-disable-next-line max-params -- as `governRound`
async function governEach(
  stages: Stages,
  principal: Principal,
  call: Call,
  questions: readonly Asked[],
): Promise<void> {
  for (const { method, params } of questions) {
    if (!isQuestionMethod(method)) throw misbehaves(call)
    const asked = callFor(call, { method, params })
    const decision = stages.decide(principal, asked)
    const shown = { bytes: params, serverEra: 'modern', isError: false } as const
    await stages.record({ principal, call: asked, decision }, async () => {
      if (decision.effect !== 'allow') return { state: 'denied', decision }
      stages.spend(principal, asked, decision)
      return { state: 'done', result: shown }
    })
    if (decision.effect !== 'allow') throw misbehaves(call)
  }
}

const misbehaves = ({ server }: Call): CoreError =>
  new CoreError('server_misbehaves', { server: server.slug })

const NO_PARAMS = Buffer.from('{}')

/** A question as policy and the log know it: a request of that server, aimed at no entry of a catalogue. */
function callFor(call: Call, { method, params }: Question): Call {
  const { item: _item, uri: _uri, ...rest } = call
  const frame = { bytes: params, method, params: {}, spans: {} }
  return { ...rest, action: actions[method], method, name: method, args: {}, frame }
}

const resultOf = (answer: Answer) =>
  'result' in answer
    ? ({ bytes: answer.result, serverEra: 'legacy', isError: false } as const)
    : ({ bytes: answer.error, serverEra: 'legacy', isError: true } as const)
