import type { ApprovalStatus } from '../../model/approval.ts'
import type { Frame } from '../../model/frame.ts'
import type { Ask } from '../../model/question.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import { readMembers } from '../../protocol/members.ts'
import { removeMembers } from '../../protocol/remove-members.ts'
import { splice } from '../../protocol/splice.ts'
import type { Asked, McpReply } from '../outcome.ts'
import { renderQuestions } from '../questions/render-round.ts'
import type { RoundState } from '../questions/round-state.ts'
import { waitingText } from './waiting-text.ts'

/** A modern client that came back to wait on. */
export type Waited = Extract<RoundState, { kind: 'waiting' }>

export type WaitRound = Readonly<{
  status: ApprovalStatus
  asks: readonly Ask[]
  waited: Waited | undefined
  /** Where a person sees what waits. */
  approvalUrl: (approvalId: string) => string
  seal: (state: Readonly<{ kind: 'waiting'; approvalId: string; rounds: number }>) => string
}>

/** Clients that show nothing to anyone are not kept going round for long (APR-40). */
const ROUNDS_MAX = { shown: 8, silent: 4 } as const

/**
 * Has a modern client come back and wait on: it is given an address for its user, if it can be asked for a visit, and a
 * state. A visit is no vote (APR-41). Undefined when it came back often enough (MCP-136).
 */
export function renderWait(asked: Asked, wait: WaitRound): McpReply | undefined {
  const { status, asks, waited, approvalUrl, seal } = wait
  const isShown = asks.includes('elicitation.url')
  const rounds = (waited?.rounds ?? 0) + 1
  const roundsMax = isShown ? ROUNDS_MAX.shown : ROUNDS_MAX.silent
  if (rounds > roundsMax) return undefined
  const { approvalId } = status
  const visit = { mode: 'url', message: waitingText(status), url: approvalUrl(approvalId) }
  const params = Buffer.from(JSON.stringify(visit))
  const questions = isShown ? [['approval', { method: 'elicitation/create', params }] as const] : []
  return renderQuestions(asked, {
    questions,
    requestState: seal({ kind: 'waiting', approvalId, rounds }),
  })
}

/** Who did not want the address is not sent round again. */
export const waitedBy = (frame: Frame, waited: Waited): Waited =>
  isDeclined(frame) ? { ...waited, rounds: Number.MAX_SAFE_INTEGER } : waited

const isDeclined = ({ params }: Frame): boolean =>
  isObject(params['inputResponses']) &&
  Object.values(params['inputResponses']).some(
    (response) => isObject(response) && response['action'] !== 'accept',
  )

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** The call as it was made first: its server knows nothing of the waiting. */
export function withoutRound({ bytes, spans }: Frame): Frame {
  const members = spans.params ? readMembers(bytes, spans.params) : []
  const gone = members
    .filter(({ name }) => name === 'requestState' || name === 'inputResponses')
    .map(({ value }) => value)
  const message = parseClientMessage(splice(bytes, removeMembers(bytes, gone)))
  if (!('frame' in message)) throw new RangeError('a request stays one')
  return message.frame
}
