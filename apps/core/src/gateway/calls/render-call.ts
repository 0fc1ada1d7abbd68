import type { ApprovalStatus } from '../../model/approval.ts'
import type { Call } from '../../model/call.ts'
import { readAsks } from '../../protocol/client-asks.ts'
import { type AnswerCallDeps, type Asking, declaredBy } from '../asking.ts'
import type { Exchange, Turn } from '../questions/exchanges.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import type { McpReply, RelayedState } from '../outcome.ts'
import { renderQuestions } from '../questions/render-round.ts'
import { renderEnd } from '../questions/render-visits.ts'
import { renderWait } from '../waiting/wait-rounds.ts'

export const replyTo = (
  deps: AnswerCallDeps,
  asking: Asking,
  { exchange, turn }: Readonly<{ exchange: Exchange; turn: Turn }>,
): McpReply => {
  if ('outcome' in turn) return render(deps, asking, exchange.call, turn.outcome)
  const state = { kind: 'parked', exchange: exchange.id, nonce: turn.nonce } as const
  return renderQuestions(asking, {
    questions: turn.questions,
    requestState: deps.rounds.seal(asking, asking.frame, state),
  })
}

// oxlint-disable-next-line max-params -- what it was, what it came to, and for whom
export function render(
  deps: AnswerCallDeps,
  asking: Asking,
  call: Call,
  outcome: GovernedOutcome,
): McpReply {
  const waits = outcome.state === 'pending' && asking.era === 'modern'
  const again = waits ? renderWaiting(deps, asking, call, outcome.status) : undefined
  if (again) return again
  return renderEnd(asking, call, {
    outcome,
    asks: () => readAsks(declaredBy(asking)),
    sealState: (state) => sealRelayed(deps, asking, call, state),
    visitId: (session, theirs) => deps.elicitationIds.shown(session, call.server, theirs),
  })
}

// oxlint-disable-next-line max-params -- as `render`
function renderWaiting(
  { rounds, approvalUrl }: AnswerCallDeps,
  asking: Asking,
  { action }: Call,
  status: ApprovalStatus,
): McpReply | undefined {
  if (action === 'completion.get') return undefined
  return renderWait(asking, {
    status,
    asks: readAsks(declaredBy(asking)),
    waited: asking.waited,
    approvalUrl,
    seal: (state) => rounds.seal(asking, asking.frame, state),
  })
}

// oxlint-disable-next-line max-params -- as `render`
function sealRelayed(
  { rounds, approvedRounds }: AnswerCallDeps,
  asking: Asking,
  { item, round }: Call,
  { serverState, isVisit, approvalId = round?.approvalId }: RelayedState,
): string {
  const isContinued = approvalId === round?.approvalId
  const ticket =
    approvalId === undefined || !item
      ? undefined
      : approvedRounds.issue({ approvalId, pin: item.pin }, isContinued)
  return rounds.seal(asking, asking.frame, {
    kind: 'relayed',
    ...(serverState !== undefined && { serverState }),
    ...(isVisit && { isVisit }),
    ...(approvalId !== undefined &&
      ticket !== undefined && { approval: { id: approvalId, ticket } }),
  })
}
