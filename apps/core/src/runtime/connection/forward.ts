import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Call, CallResult, Outlet } from '../../model/call.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { Askable } from '../../model/question.ts'
import type { Root } from '../../model/server.ts'
import type { Round } from '../../protocol/encode-request.ts'
import { taskIn } from '../../protocol/rev-2026-07-28/remote-task.ts'
import type { TraceHop } from '../../protocol/trace-context.ts'
import { callRequest, taskRequest, type Hop } from './call-request.ts'
import { publicError, type Correlator } from './correlator.ts'
import { answeringRoots } from './fixed-roots.ts'
import type { GivenRoots } from './given-roots.ts'
import type { Greeting } from './handshake.ts'
import { isTaskOnly, throughLegacyTask } from './legacy-task.ts'
import { ownRequest } from './own-request.ts'
import { createRelay } from './relay.ts'
import { throughTask } from './remote-task.ts'
import { throughRounds } from './rounds.ts'

/** What a connection has for every call on it. */
export type ForwardParts = Readonly<{
  wire: Correlator
  greeting: Greeting
  clock: Clock
  timers: Timers
  trace: TraceHop
  roots: readonly Root[] | undefined
  /** Of older servers that may see the roots of clients. */
  givenRoots: GivenRoots | undefined
}>

/** One call on its way. */
type Trip = ForwardParts &
  Readonly<{
    call: Call
    outlet: Outlet
    askable: Askable | undefined
    hop: Hop
    signal: AbortSignal
  }>

/** Sends one call and stays with it through whatever the server wants in between. Throws as `Connection.forward`. */
export async function forward(
  parts: ForwardParts,
  call: Call,
  outlet: Outlet,
  signal: AbortSignal,
): Promise<CallResult> {
  const trip = tripOf(parts, call, outlet, signal)
  try {
    const first = await send(trip, call.round && stateOf(call.round))
    const frame = await throughItsTask(trip, await throughItsRounds(trip, first))
    assertRelayable(frame, call.server.slug)
    const { bytes, isError } = frame
    return { bytes, frame, serverEra: parts.greeting.era, isError }
  } catch (error) {
    throw publicError(error)
  }
}

// oxlint-disable-next-line max-params -- as `forward`
function tripOf(parts: ForwardParts, call: Call, outlet: Outlet, signal: AbortSignal): Trip {
  const { greeting, trace, roots, givenRoots, clock } = parts
  const { askable: client } = outlet
  const heard = client && givenRoots ? { ...outlet, askable: givenRoots(client) } : outlet
  const askable = roots ? answeringRoots(heard.askable, roots) : heard.askable
  const takesTasks = outlet.goOnAlone !== undefined && call.action === 'tool.call'
  const relay = createRelay(call.frame, heard, clock)
  const hop = { greeting, trace, relay, asks: askable?.asks ?? [], takesTasks }
  return { ...parts, call, outlet, askable, hop, signal }
}

const send = ({ wire, hop, call, signal }: Trip, round?: Round): Promise<ServerFrame> =>
  wire.exchange(callRequest(hop, call, round), signal)

/** A modern server asks in its results; who answers while it waits, or cannot come back, is asked from here. */
function throughItsRounds(trip: Trip, first: ServerFrame): Promise<ServerFrame> | ServerFrame {
  const { greeting, call, outlet, roots } = trip
  const isAlone = call.clientEra === 'legacy' || outlet.goesOnAlone?.() === true
  if (greeting.era === 'legacy' || !(isAlone || roots)) return first
  const parts = { ...trip, send: (round: Round) => send(trip, round) }
  return throughRounds(first, isAlone ? parts : { ...parts, only: 'roots/list' })
}

function throughItsTask(trip: Trip, first: ServerFrame): Promise<ServerFrame> | ServerFrame {
  const { wire, hop, call, outlet, greeting } = trip
  if (isTaskOnly(greeting, call)) return throughItsLegacyTask(trip, first)
  const task = hop.takesTasks ? taskIn(first) : undefined
  if (!task) return first
  outlet.goOnAlone?.()
  return throughTask(task, {
    ...trip,
    server: call.server.slug,
    ask: (about, signal) => wire.exchange(taskRequest(hop, about), signal),
  })
}

/** For clients that take tasks it is one of Peta's, too; others wait as for any call. */
async function throughItsLegacyTask(trip: Trip, first: ServerFrame): Promise<ServerFrame> {
  const { wire, greeting, call, outlet, hop } = trip
  outlet.goOnAlone?.()
  return throughLegacyTask(first, {
    ...trip,
    server: call.server.slug,
    ask: (method, taskId, signal) =>
      wire.exchange(
        { ...ownRequest(greeting, method, { taskId }, limits.taskIdleMs), relay: hop.relay },
        signal,
      ),
  })
}

const stateOf = ({ serverState }: NonNullable<Call['round']>): Round =>
  serverState === undefined ? {} : { requestState: serverState }

/** Header mismatch and unsupported version are Peta's fault or a changed server; no client can act on them (MCP-83). */
function assertRelayable({ code }: ServerFrame, server: string): void {
  if (code === -32020 || code === -32022) throw new CoreError('server_misbehaves', { server, code })
}
