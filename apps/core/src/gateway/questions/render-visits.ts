import { CoreError } from '../../ground/errors.ts'
import type { Call, CallResult } from '../../model/call.ts'
import type { Frame } from '../../model/frame.ts'
import { frameOf } from '../../protocol/server-frame.ts'
import {
  requiredVisits,
  type UrlElicitation,
  withVisitIds,
} from '../../protocol/url-elicitations.ts'
import type { Asking } from '../asking.ts'
import { deliveredBy, type Ended, type McpReply, refusal, renderOutcome } from '../outcome.ts'
import { renderQuestions } from './render-round.ts'
import type { RoundState } from './round-state.ts'
import type { Session } from '../sessions/sessions.ts'

type EndedFor = Ended &
  Readonly<{
    /** The id of a visit as that session's client knows it. */
    visitId: (session: Session, theirs: string) => string
  }>

/**
 * What a call came to, where that may be an error that asks the user to visit an address: a modern client gets it in
 * the form of its revision, and comes back to make the call again; a legacy one gets the error, if it knows it (MCP-69).
 */
export function renderEnd(asking: Asking, call: Call, ended: EndedFor): McpReply {
  const { outcome } = ended
  const result = 'result' in outcome && outcome.result.isError ? outcome.result : undefined
  const visits = result && requiredVisits(frameOf(result))
  if (!result || !visits) return renderOutcome(asking, call, ended)
  if (visits.length === 0) throw new CoreError('server_misbehaves', { server: call.server.slug })
  return asking.era === 'modern'
    ? asQuestions(asking, { ...ended, result }, visits)
    : asError(asking, call, { ...ended, result, visits })
}

function asQuestions(
  asking: Asking,
  { asks, sealState, result }: Ended & Readonly<{ result: CallResult }>,
  visits: readonly UrlElicitation[],
): McpReply {
  if (!asks().includes('elicitation.url')) throw new CoreError('capability_missing', MISSING)
  const { approvalId } = result
  const questions = visits.map(
    ({ params }, at) => [`v${at + 1}`, { method: 'elicitation/create', params }] as const,
  )
  const requestState = sealState({ isVisit: true, ...(approvalId !== undefined && { approvalId }) })
  return { ...renderQuestions(asking, { questions, requestState }), ...deliveredBy(result) }
}

const MISSING = { requiredCapabilities: { elicitation: { url: {} } } }

type AnsweredEnd = EndedFor & Readonly<{ result: CallResult; visits: readonly UrlElicitation[] }>

function asError(asking: Asking, call: Call, { result, visits, ...ended }: AnsweredEnd): McpReply {
  const { session } = asking
  if (!session?.asks.includes('elicitation.url')) {
    return refusal(asking, CANNOT_VISIT, { code: VISIT_CODE })
  }
  const bytes = withVisitIds(result.bytes, visits, (theirs) => ended.visitId(session, theirs))
  const outcome = { ...ended.outcome, result: { ...result, bytes } }
  return renderOutcome(asking, call, { ...ended, outcome })
}

/** Without the address: a client that cannot ask its user to visit it has nothing safe to do with it (MCP-64). */
const CANNOT_VISIT =
  'The server wants its user to visit an address first, which this client cannot be asked for. It did not run the call.'
const VISIT_CODE = 4034

/**
 * Whoever did not want to visit an address is not asked the same again by making the call again.
 *
 * @throws CoreError `question_declined`
 */
export function assertVisited(state: RoundState | undefined, { params }: Frame): void {
  if (state?.kind !== 'relayed' || !state.isVisit) return
  const responses = params['inputResponses']
  const isDeclined = isObject(responses) && Object.values(responses).some(isRefusal)
  if (isDeclined) throw new CoreError('question_declined')
}

const isRefusal = (response: unknown): boolean =>
  isObject(response) && (response['action'] === 'decline' || response['action'] === 'cancel')

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
