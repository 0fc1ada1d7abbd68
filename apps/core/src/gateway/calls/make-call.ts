import type { Action, Call } from '../../model/call.ts'
import type { AnswerCallDeps, Asking } from '../asking.ts'
import { checkHeaders, checkNames } from './check-call.ts'
import { callOf, originOf, resolveTarget, type Target } from './resolve-call.ts'
import { type RoundState, stateInvalid } from '../questions/round-state.ts'
import { type Waited, waitedBy, withoutRound } from '../waiting/wait-rounds.ts'

/**
 * Only modern clients come back with a state; legacy ones are asked while they wait. Answers without a state answer
 * nothing that was asked, and are the server's to ignore.
 */
export function roundOf(deps: AnswerCallDeps, asking: Asking): RoundState | undefined {
  const { params } = asking.frame
  const isRound = 'requestState' in params || 'inputResponses' in params
  if (asking.era === 'legacy' && isRound) throw stateInvalid()
  return deps.rounds.read(asking, asking.frame)
}

/** The same call again, by a client that has waited for people already. */
export const waitingOn = (asking: Asking, state: Waited): Asking => ({
  ...asking,
  frame: withoutRound(asking.frame),
  waited: waitedBy(asking.frame, state),
})

type Resolving = Readonly<{
  action: Action
  state: RoundState | undefined
  /** Its headers were compared when it came, and are not kept. */
  isResumed?: boolean
}>

export function resolve(
  deps: AnswerCallDeps,
  asking: Asking,
  { action, state, isResumed }: Resolving,
): Call {
  const { frame, principal } = asking
  const view = deps.views(asking)
  const target = resolveTarget(action, frame, view, deps)
  if (action === 'tool.call') {
    if (!isResumed) checkHeaders(deps, asking, target)
    checkNames(deps, asking, target)
  }
  const own = deps.ownTools.answering(target.entry, { principal, view, args: target.args })
  const origin = {
    ...originOf(deps, asking),
    action,
    ...(state?.kind === 'relayed' && { round: roundIn(deps, state, target) }),
    ...(own && { own }),
  }
  return callOf(origin, target)
}

function roundIn(
  { approvedRounds }: AnswerCallDeps,
  { serverState, approval }: Extract<RoundState, { kind: 'relayed' }>,
  { entry }: Target,
): NonNullable<Call['round']> {
  const approved = approval && { approvalId: approval.id, pin: entry.item.pin }
  const isCovered = approved && approvedRounds.take(approved, approval.ticket)
  return {
    ...(serverState !== undefined && { serverState }),
    ...(isCovered && { approvalId: approval.id }),
  }
}
