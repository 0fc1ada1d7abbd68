import { CoreError } from '../ground/errors.ts'
import type { ApprovalState, ApprovalStatus } from '../model/approval.ts'
import type { Call, CallResult } from '../model/call.ts'
import { displayId } from '../model/display-id.ts'
import { shownName } from '../model/own-tools.ts'
import type { Profile } from '../model/profile.ts'
import type { Era, Frame, ServerFrame } from '../model/frame.ts'
import type { Ask } from '../model/question.ts'
import { askNeeded, isQuestionMethod } from '../protocol/client-asks.ts'
import {
  encodeError,
  encodeResponse,
  problemFacts,
  problemMessage,
  rpcProblem,
} from '../protocol/errors.ts'
import { encodeResult, relayedCode } from '../protocol/encode-result.ts'
import { inputRequired, type InputRequired, withRequestState } from '../protocol/input-required.ts'
import { readValue } from '../protocol/members.ts'
import { metaKeys } from '../protocol/meta-keys.ts'
import type { LegacyVersion } from '../protocol/rev-2025-11-25/version.ts'
import { frameOf } from '../protocol/server-frame.ts'
import { joinMessage, type Message, wholeOf } from '../protocol/splice.ts'
import type { GovernedOutcome } from './governed-call.ts'

/** What goes back for one message. No body: nothing is answered, as for a notification. */
export type McpReply = Readonly<{
  status: number
  body?: Message
  sessionId?: string
  retryAfterS?: number
  /** Of the approvals that allowed what it answers: whoever has written the reply in full reports them (APR-43). */
  approvalIds?: readonly string[]
  /** As the last event of a stream: the id that its client can come back with (MCP-35). */
  eventId?: string
}>

export type Asked = Readonly<{ frame: Frame; era: Era; serverInfo: string }>

/** With the session of a legacy client, whose version says what it can read. */
type Reading = Asked &
  Readonly<{ session?: Readonly<{ version: LegacyVersion }>; profile?: Profile }>

const APPROVAL_CODE = 4202
const DENIED_CODE = 4030
const TOOL_METHOD = 'tools/call'

/** What a modern client gets to come back with: what its server gave, and who approved the first round. */
export type RelayedState = Readonly<{ serverState?: string; approvalId?: string; isVisit?: true }>

export type Ended = Readonly<{
  outcome: GovernedOutcome
  /** What the client offered to be asked for. */
  asks: () => readonly Ask[]
  sealState: (state: RelayedState) => string
}>

/** What a governed call came to, as the client's revision says it (POL-59, APR-40 step 4, MCP-150). */
export function renderOutcome(asked: Reading, call: Call, ended: Ended): McpReply {
  const { outcome } = ended
  switch (outcome.state) {
    case 'done':
    case 'replayed':
      return renderResult(asked, call, { ...ended, outcome })
    case 'denied':
      if (outcome.decision.reason === 'policy_stale') throw new CoreError('policy_stale')
      return renderDenied(asked, call)
    case 'pending':
    case 'refused':
      return renderApproval(asked, outcome.status)
  }
}

type Delivered = Readonly<{ state: 'done' | 'replayed'; result: CallResult }>

type DeliveredEnd = Ended & Readonly<{ outcome: Delivered }>

function renderResult(asked: Reading, call: Call, ended: DeliveredEnd): McpReply {
  const { state, result } = ended.outcome
  const { serverEra } = result
  const alias = call.server.slug
  const answer = frameOf(result)
  const needed = inputRequired(answer)
  if (!needed || asked.era === 'legacy') refuseUnsupported(answer, asked.era, alias)
  const body = encodeResult({
    answer,
    serverEra,
    request: asked.frame,
    clientEra: asked.era,
    ...(asked.session && { clientVersion: asked.session.version }),
    alias,
    isUnprefixed: call.isUnprefixed ?? false,
    serverInfo: asked.serverInfo,
    isReplay: state === 'replayed',
  })
  const status = statusOf(answer, asked.era)
  const whole = needed ? withRequestState(wholeOf(body), relayedState(needed, alias, ended)) : body
  return { status, body: whole, ...deliveredBy(result) }
}

/** What a reply with this result says about whose result it is. */
export const deliveredBy = ({ approvalId }: CallResult): Pick<McpReply, 'approvalIds'> =>
  approvalId === undefined ? {} : { approvalIds: [approvalId] }

/** A client is asked for nothing that it did not offer; a server that tries is at fault (MCP-60). */
function relayedState(
  { requests, requestState }: InputRequired,
  server: string,
  { asks, sealState, outcome }: DeliveredEnd,
): string {
  const isOffered = requests.every(
    ({ method, params }) =>
      isQuestionMethod(method) &&
      asks().includes(askNeeded(method, JSON.parse(params.toString('utf8')))),
  )
  if (!isOffered) throw new CoreError('server_misbehaves', { server })
  const { approvalId } = outcome.result
  return sealState({
    ...(requestState !== undefined && { serverState: requestState }),
    ...(approvalId !== undefined && { approvalId }),
  })
}

/** Results that start an exchange Peta does not carry yet, or that the client's revision does not know (MCP-84). */
function refuseUnsupported({ bytes, spans }: ServerFrame, era: Era, server: string): void {
  if (!spans.resultType) return
  const type = readValue(bytes, spans.resultType)
  const isCarried = type === 'complete' || (era === 'modern' && !UNCARRIED.has(type))
  if (!isCarried) throw new CoreError('server_misbehaves', { server })
}

/** The first only where it asks for nothing, and so can be answered by nobody. */
const UNCARRIED: ReadonlySet<unknown> = new Set(['input_required', 'task'])

/** Two relayed errors have a status of their own for modern clients (MCP-83). */
function statusOf({ code }: ServerFrame, era: Era): number {
  const relayed = code === undefined || era === 'legacy' ? undefined : relayedCode(code, era)
  if (relayed === -32_601) return 404
  return relayed === -32_021 ? 400 : 200
}

function renderDenied(asked: Asked, call: Call): McpReply {
  const ref = displayId(`dec_${call.id.split('_')[1] ?? ''}`)
  const text = `Denied by policy (ref ${ref}). Do not retry with other arguments.`
  const shown = { [metaKeys.petaDecision]: { ref, kind: 'denied' } }
  return refusal(asked, text, { code: DENIED_CODE, data: { ref }, meta: shown })
}

function renderApproval(asked: Reading, status: ApprovalStatus): McpReply {
  const hasTool = asked.era === 'legacy' && asked.profile === undefined
  const isOpen = status.state === 'PENDING'
  const text = `${approvalText(status)}${hasTool && isOpen ? STATUS_HINT : ''}`
  const shown = {
    id: status.approvalId,
    state: status.state,
    retryAfter: Math.ceil(status.retryAfterMs / 1000),
    expiresAt: new Date(status.expiresAtMs).toISOString(),
  }
  const meta = { [metaKeys.petaApproval]: shown }
  return refusal(asked, text, { code: APPROVAL_CODE, data: shown, meta })
}

/** Modern clients and profiles have no such tool. */
const STATUS_HINT = ` ${shownName('approval_status')} tells how it stands.`

/** What an agent is told of an approval that waits no more: what came of it, and whether asking again makes sense. */
const endings: Partial<Record<ApprovalState, string>> = {
  APPROVED: 'was approved. Call the same tool again with the same arguments.',
  DENIED: 'was denied. Do not retry with other arguments.',
  EXPIRED: 'expired before anyone decided. The call did not run. Call again to ask anew.',
  CANCELLED: 'was withdrawn. The call did not run.',
  REVOKED: 'was taken back. The call did not run.',
  VOID: 'is void because the tool or the rules changed. The call did not run. Call again to ask anew.',
  EXECUTING: 'is being carried out by an identical call. Wait for that one.',
  COMPLETED: 'was already used by an identical call, which ran.',
  FAILED: 'was already used by an identical call, which ran and failed.',
  OUTCOME_UNKNOWN:
    'was used by a call of which nobody knows whether it ran. Check before you repeat it.',
  RESOLVED_DONE: 'was used by a call that ran, as a person has found.',
  RESOLVED_NOT_DONE:
    'was used by a call that did not run, as a person has found. Call again to ask anew.',
}

/** What an agent is told of an approval that it waits for, or waited for. */
export function approvalText({ approvalId, state, denyReason }: ApprovalStatus): string {
  const name = displayId(approvalId)
  const ending = endings[state]
  if (ending === undefined) {
    return `Pending approval ${name}. Call the same tool again with the same arguments after approval. Do not change them.`
  }
  const reason = denyReason === undefined ? '' : ` Reason: ${denyReason}`
  return `Approval ${name} ${ending}${reason}`
}

/** What a thrown failure looks like. `asked` is absent when the message could not be read. */
export function renderFailure(error: unknown, asked?: Asked): McpReply {
  const problem = rpcProblem(error)
  if (asked?.frame.method === TOOL_METHOD && problem.result !== undefined) {
    return toolError(asked, `${problemMessage(error)}. ${problem.result}`, undefined)
  }
  const data = problemFacts(error)
  const id = idOf(asked)
  const body = { code: problem.code, message: problemMessage(error), ...(data && { data }) }
  const retryAfterS = problem.status === 429 ? 1 : undefined
  return {
    status: asked?.era === 'legacy' ? legacyStatus(problem) : problem.status,
    body: encodeError(id, body),
    ...(retryAfterS !== undefined && { retryAfterS }),
  }
}

/** To a legacy client a 404 says that its session is gone, so an unknown method must not be one. */
const legacyStatus = ({ code, status }: ReturnType<typeof rpcProblem>): number =>
  code === -32_601 ? 200 : status

function idOf(asked: Asked | undefined): Buffer | 'null' {
  const span = asked?.frame.spans.id
  return asked && span ? asked.frame.bytes.subarray(...span) : 'null'
}

type Refused = Readonly<{ code: number; data?: object; meta?: object }>

/** For a tool it is a result, which models read; for any other method an error. */
export function refusal(asked: Asked, text: string, { code, data, meta }: Refused): McpReply {
  if (asked.frame.method === TOOL_METHOD) return toolError(asked, text, meta)
  const error = { code, message: text, ...(data && { data }) }
  return { status: 200, body: encodeError(idOf(asked), error) }
}

function toolError(asked: Asked, text: string, meta: object | undefined): McpReply {
  const isModern = asked.era === 'modern'
  const own = isModern ? { [metaKeys.serverInfo]: JSON.parse(asked.serverInfo) as unknown } : {}
  const all = { ...own, ...meta }
  const result = {
    ...(isModern && { resultType: 'complete' }),
    content: [{ type: 'text', text }],
    isError: true,
    ...(Object.keys(all).length > 0 && { _meta: all }),
  }
  return { status: 200, body: answerTo(asked, JSON.stringify(result)) }
}

/** A result response with the request's own id. */
export function answerTo(asked: Asked, ...result: readonly (Buffer | string)[]): Buffer {
  const id = idOf(asked)
  return encodeResponse(id === 'null' ? Buffer.from(id) : id, ...result)
}

/** As `answerTo`, around what is ready and long, which is not copied (H10). */
export function answerWith(asked: Asked, ready: Buffer, rest: string): Message {
  const head = `{"jsonrpc":"2.0","id":${idOf(asked).toString('utf8')},"result":`
  return joinMessage([Buffer.from(head), ready, Buffer.from(`${rest}}`)])
}

/** An error response with the request's own id, around an error's JSON text. */
export function errorTo(asked: Asked, error: Buffer): Buffer {
  const id = idOf(asked)
  const head = `{"jsonrpc":"2.0","id":${id.toString('utf8')},"error":`
  return Buffer.concat([Buffer.from(head), error, Buffer.from('}')])
}
