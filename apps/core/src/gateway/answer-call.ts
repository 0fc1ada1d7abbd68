import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Timers } from '../ground/timers.ts'
import type { ApprovalStatus } from '../model/approval.ts'
import type { Action, Call, Outlet } from '../model/call.ts'
import type { CatalogueItem, ServerRef } from '../model/server.ts'
import type { Task } from '../model/task.ts'
import { readAsks } from '../protocol/client-asks.ts'
import type { Headers } from '../protocol/headers.ts'
import { metaKeys } from '../protocol/meta-keys.ts'
import { TASKS_VERSION, wantedTask, withoutTask } from '../protocol/rev-2025-11-25/tasks.ts'
import { declaresTasks } from '../protocol/rev-2026-07-28/tasks.ts'
import { asMeant } from './as-meant.ts'
import type { ApprovedRounds } from './approved-rounds.ts'
import type { ElicitationIds } from './elicitation-ids.ts'
import { checkHeaders, checkNames } from './check-call.ts'
import type { Exchange, Exchanges, Turn } from './exchanges.ts'
import type { CallStages, GovernedCall, GovernedOutcome } from './governed-call.ts'
import { createNotices } from './notices.ts'
import type { OwnTools } from './own-tools.ts'
import type { Asked, McpReply, RelayedState } from './outcome.ts'
import { renderQuestions } from './render-round.ts'
import { assertVisited, renderEnd } from './render-visits.ts'
import { callOf, originOf, resolveTarget, type ResolveTools, type Target } from './resolve-call.ts'
import { stateInvalid, type RoundState, type RoundStates } from './round-state.ts'
import { ownerOf, type Session } from './sessions.ts'
import { type Slots, takeSlot } from './slots.ts'
import { objectionTo } from './still-allowed.ts'
import type { TaskCall, TaskCalls } from './tasks/task-calls.ts'
import type { Viewer, Views } from './views.ts'
import { createWaitNotice } from './wait-notice.ts'
import { renderWait, waitedBy, withoutRound, type Waited } from './wait-rounds.ts'

export type Asking = Asked &
  Viewer &
  Readonly<{
    headers: Headers
    clientIp: string
    /** Who asks, looked up anew: what is long under way may outlive a credential. */
    viewer: () => Viewer | undefined
    /** Of a legacy client. */
    session?: Session
    /** Of a legacy client that wants a task for an answer. */
    wantedTask?: Readonly<{ ttlMs?: number }>
    /** Of a modern client that came back to wait for people. */
    waited?: Waited
    /** The frame is of a call that another one held: the headers came with that one (MCP-146). */
    isInner?: boolean
    outlet: Outlet
    signal: AbortSignal
  }>

export type AnswerCallDeps = ResolveTools &
  Readonly<{
    views: Views
    /** Whether a restriction reads the arguments of an entry (POL-15). */
    readsArguments: (workspaceId: string, server: ServerRef, item: CatalogueItem) => boolean
    slots: Slots
    rounds: RoundStates
    approvedRounds: ApprovedRounds
    exchanges: Exchanges
    elicitationIds: ElicitationIds
    taskCalls: TaskCalls
    ownTools: Pick<OwnTools, 'answering'>
    governedCall: GovernedCall
    /** As the governed call decides, for one that goes on. */
    decide: CallStages['decide']
    /** Where a person sees what waits for people. */
    approvalUrl: (approvalId: string) => string
    clock: Pick<Clock, 'nowMs'>
    timers: Pick<Timers, 'every'>
    newId: NewId
  }>

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

/** The same call again, by a client that has waited for people already. */
const waitingOn = (asking: Asking, state: Waited): Asking => ({
  ...asking,
  frame: withoutRound(asking.frame),
  waited: waitedBy(asking.frame, state),
})

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

const replyTo = (
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

type Resolving = Readonly<{
  action: Action
  state: RoundState | undefined
  /** Its headers were compared when it came, and are not kept. */
  isResumed?: boolean
}>

function resolve(
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

/**
 * Only modern clients come back with a state; legacy ones are asked while they wait. Answers without a state answer
 * nothing that was asked, and are the server's to ignore.
 */
function roundOf(deps: AnswerCallDeps, asking: Asking): RoundState | undefined {
  const { params } = asking.frame
  const isRound = 'requestState' in params || 'inputResponses' in params
  if (asking.era === 'legacy' && isRound) throw stateInvalid()
  return deps.rounds.read(asking, asking.frame)
}

function declaredBy({ frame }: Asking): unknown {
  const meta = frame.params['_meta']
  const isObject = typeof meta === 'object' && meta !== null
  return isObject ? Reflect.get(meta, metaKeys.clientCapabilities) : undefined
}

const callLost = (): CoreError =>
  new CoreError('params_invalid', {
    problem:
      'The call that this belongs to was lost, and may have run. Look before you make it again.',
  })
