import { CoreError } from '../../ground/errors.ts'
import type { Action, Call } from '../../model/call.ts'
import type { Task } from '../../model/task.ts'
import { readAsks } from '../../protocol/client-asks.ts'
import { TASKS_VERSION, wantedTask, withoutTask } from '../../protocol/rev-2025-11-25/tasks.ts'
import { declaresTasks } from '../../protocol/rev-2026-07-28/tasks.ts'
import { asMeant } from './as-meant.ts'
import { type AnswerCallDeps, type Asking, declaredBy } from '../asking.ts'
import { checkHeaders } from './check-call.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import { resolve, roundOf, waitingOn } from './make-call.ts'
import { createNotices } from '../notices.ts'
import type { McpReply } from '../outcome.ts'
import { render, replyTo } from './render-call.ts'
import { assertVisited } from '../questions/render-visits.ts'
import { resolveTarget } from './resolve-call.ts'
import type { RoundState } from '../questions/round-state.ts'
import { ownerOf } from '../sessions/sessions.ts'
import { takeSlot } from '../slots.ts'
import { objectionTo } from './still-allowed.ts'
import type { TaskCall } from '../tasks/task-calls.ts'
import { createWaitNotice } from '../waiting/wait-notice.ts'

/** A request that reaches a server: whole, or one round of an exchange with questions in between. */
export async function answerCall(
  deps: AnswerCallDeps,
  outer: Asking,
  action: Action,
): Promise<McpReply> {
  const meant = action === 'tool.call' ? asMeant(deps, ofTask(outer)) : outer
  const state = roundOf(deps, meant)
  assertVisited(state, meant.frame)
  const asking = state?.kind === 'waiting' ? waitingOn(meant, state) : meant
  if (state?.kind === 'parked') return resume(deps, asking, { action, state })
  const giveBack = takeSlot(deps.slots, asking)
  let isHandedOn = false
  try {
    const call = resolve(deps, asking, { action, state })
    const asks = asking.era === 'modern' ? readAsks(declaredBy(asking)) : []
    if (mayBecomeTask(asking, action)) {
      isHandedOn = true
      return await deps.taskCalls.begin(taskCallOf(deps, asking, call, giveBack))
    }
    if (asks.length === 0) return render(deps, asking, call, await govern(deps, asking, call))
    const owner = ownerOf(asking.principal)
    const { frame, outlet, signal: closed, principal } = asking
    const { effect } = deps.decide(principal, call)
    const exchange = deps.exchanges.open({ owner, call, effect, asks, frame, outlet, closed })
    isHandedOn = true
    const within = { ...asking, outlet: exchange.outlet, signal: exchange.signal }
    const turn = await exchange.begin(() => govern(deps, within, call).finally(giveBack))
    return replyTo(deps, asking, { exchange, turn })
  } finally {
    if (!isHandedOn) giveBack()
  }
}

/** A client of the one older revision with tasks asks for one in the call; to its server, the call is like any other. */
function ofTask(asking: Asking): Asking {
  const { frame, session } = asking
  const wanted = session?.version === TASKS_VERSION ? wantedTask(frame) : undefined
  return wanted ? { ...asking, frame: withoutTask(frame), wantedTask: wanted } : asking
}

/** Only who says so with this very request gets a task for an answer (MCP-134). */
const mayBecomeTask = ({ era, frame, wantedTask: wanted }: Asking, action: Action): boolean =>
  action === 'tool.call' && (era === 'modern' ? declaresTasks(frame) : wanted !== undefined)

// oxlint-disable-next-line max-params -- as `render`, with what is done once it has run
function taskCallOf(deps: AnswerCallDeps, asking: Asking, call: Call, ended: () => void): TaskCall {
  return {
    asking,
    call,
    effect: deps.decide(asking.principal, call).effect,
    asks: asking.session?.asks ?? readAsks(declaredBy(asking)),
    ...(asking.wantedTask && { wanted: asking.wantedTask }),
    work: (outlet, signal) => govern(deps, { ...asking, outlet, signal }, call).finally(ended),
    render: (outcome) => render(deps, asking, call, outcome),
  }
}

/**
 * Goes on with the call of a task that waited for people when its process ended. The approval knows whether it ever
 * ran; a call that needs none any more, nobody can tell of.
 *
 * @throws CoreError `outcome_unknown`, and what making the call throws
 */
export function resumeTask(deps: AnswerCallDeps, asking: Asking, task: Task): void {
  const state = roundOf(deps, asking)
  const call = resolve(deps, asking, { action: 'tool.call', state, isResumed: true })
  const taskCall = taskCallOf(deps, asking, call, () => undefined)
  if (taskCall.effect !== 'require_approval') throw new CoreError('outcome_unknown')
  deps.taskCalls.resume(task, taskCall)
}

type Resuming = Readonly<{ action: Action; state: Extract<RoundState, { kind: 'parked' }> }>

/** What would not begin any more does not go on either: rules and definitions may have changed meanwhile (MCP-67). */
async function resume(
  deps: AnswerCallDeps,
  asking: Asking,
  { action, state }: Resuming,
): Promise<McpReply> {
  const exchange = deps.exchanges.find(state.exchange)
  if (!exchange) throw callLost()
  const { frame, outlet, signal: closed } = asking
  const { call, effect } = exchange
  const target = resolveTarget(action, frame, deps.views(asking), deps)
  if (action === 'tool.call') checkHeaders(deps, asking, target)
  const objection = objectionTo(deps, asking, { call, effect })
  if (objection) {
    void exchange.abandon()
    if (objection instanceof CoreError) throw objection
    return render(deps, asking, call, objection)
  }
  const turn = await exchange.resume(state.nonce, { frame, outlet, closed })
  return replyTo(deps, asking, { exchange, turn })
}

export async function govern(
  deps: AnswerCallDeps,
  asking: Asking,
  call: Call,
): Promise<GovernedOutcome> {
  const { frame, principal, session, signal, waited } = asking
  const told = createWaitNotice(asking.outlet, frame, deps.timers)
  const { pending } = told
  const wait = told.outlet.wait ?? { pending, ...(waited && { approvalId: waited.approvalId }) }
  const outlet = { ...told.outlet, wait }
  const asked = session ? deps.elicitationIds.outlet(session, call.server, outlet) : outlet
  const notices = createNotices(asked, { frame, sessionLogLevel: session?.logLevel })
  try {
    return await deps.governedCall(principal, call, notices, signal)
  } finally {
    notices.close()
  }
}

const callLost = (): CoreError =>
  new CoreError('params_invalid', {
    problem:
      'The call that this belongs to was lost, and may have run. Look before you make it again.',
  })
