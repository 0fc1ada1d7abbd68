import type { Clock } from '../ground/clock.ts'
import type { NewId } from '../ground/ids.ts'
import type { Timers } from '../ground/timers.ts'
import type { Outlet } from '../model/call.ts'
import type { CatalogueItem, ServerRef } from '../model/server.ts'
import type { Headers } from '../protocol/headers.ts'
import { metaKeys } from '../protocol/meta-keys.ts'
import type { ApprovedRounds } from './questions/approved-rounds.ts'
import type { ElicitationIds } from './questions/elicitation-ids.ts'
import type { Exchanges } from './questions/exchanges.ts'
import type { CallStages, GovernedCall } from './governed-call.ts'
import type { Asked } from './outcome.ts'
import type { OwnTools } from './own-tools.ts'
import type { ResolveTools } from './calls/resolve-call.ts'
import type { RoundStates } from './questions/round-state.ts'
import type { Session } from './sessions/sessions.ts'
import type { Slots } from './slots.ts'
import type { TaskCalls } from './tasks/task-calls.ts'
import type { Viewer, Views } from './lists/views.ts'
import type { Waited } from './waiting/wait-rounds.ts'

/** A request of a client that is being answered. */
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

/** What answering a call needs. */
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

/** What a modern client says with this request that it can do. */
export function declaredBy({ frame }: Asking): unknown {
  const meta = frame.params['_meta']
  const isObject = typeof meta === 'object' && meta !== null
  return isObject ? Reflect.get(meta, metaKeys.clientCapabilities) : undefined
}
