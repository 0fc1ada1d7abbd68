import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Outlet } from '../model/call.ts'
import type { CatalogueItem, ServerRef } from '../model/server.ts'
import type { Headers } from '../protocol/headers.ts'
import { legacyVersions } from '../protocol/rev-2025-11-25/version.ts'
import { isLogLevel } from '../protocol/rev-2026-07-28/check-request.ts'
import { checkParamHeaders } from '../protocol/rev-2026-07-28/param-headers.ts'
import { modernVersions } from '../protocol/rev-2026-07-28/version.ts'
import { discoverResult } from './discover.ts'
import type { GovernedCall } from './governed-call.ts'
import type { Lists } from './lists.ts'
import { createNotices } from './notices.ts'
import { answerTo, type Asked, type McpReply, renderOutcome } from './outcome.ts'
import { callOf, resolveTarget, type ResolveTools, type Target } from './resolve-call.ts'
import { actionOf, listedKind } from './route.ts'
import type { Session } from './sessions.ts'
import type { Slots } from './slots.ts'
import type { Viewer, Views } from './views.ts'

export type Asking = Asked &
  Viewer &
  Readonly<{
    headers: Headers
    clientIp: string
    /** Of a legacy client. */
    session?: Session
    outlet: Outlet
    signal: AbortSignal
  }>

export type AnswerDeps = ResolveTools &
  Readonly<{
    views: Views
    lists: Lists
    /** Whether a restriction reads the arguments of an entry (POL-15). */
    readsArguments: (workspaceId: string, server: ServerRef, item: CatalogueItem) => boolean
    slots: Slots
    governedCall: GovernedCall
    clock: Pick<Clock, 'nowMs'>
    newId: NewId
  }>

export type AnswerRequest = (asking: Asking) => Promise<McpReply>

/**
 * Answers one request of either era: lists and plumbing here, everything that reaches a server through the governed
 * call (MCP-2).
 */
export function createAnswerRequest(deps: AnswerDeps): AnswerRequest {
  return async function answerRequest(asking) {
    const { frame, era } = asking
    const action = actionOf(frame.method)
    if (action) return call(deps, asking, action)

    const kind = listedKind(frame.method)
    if (kind) {
      const { principal } = asking
      const view = deps.views(asking)
      const cursor = frame.params['cursor']
      const result = deps.lists({ principal, view, kind, era, cursor })
      return { status: 200, body: answerTo(asking, ...result) }
    }
    return plumbing(deps, asking)
  }
}

async function call(
  deps: AnswerDeps,
  asking: Asking,
  action: NonNullable<ReturnType<typeof actionOf>>,
): Promise<McpReply> {
  const { frame, principal, era } = asking
  refuseContinuation(asking)
  const giveBack = deps.slots.take(principal.agent.id)
  const logLevel = asking.session?.logLevel
  const notices = createNotices(asking.outlet, { frame, sessionLogLevel: logLevel })
  try {
    const target = resolveTarget(action, frame, deps.views(asking), deps)
    if (action === 'tool.call') checkTool(deps, asking, target)
    const resolved = callOf(
      {
        id: deps.newId('call'),
        workspaceId: principal.workspaceId,
        action,
        frame,
        clientEra: era,
        ...(logLevel !== undefined && { logLevel }),
        clientIp: asking.clientIp,
        receivedAtMs: deps.clock.nowMs(),
      },
      target,
    )
    const outcome = await deps.governedCall(principal, resolved, notices, asking.signal)
    return renderOutcome(asking, resolved, outcome)
  } finally {
    notices.close()
    giveBack()
  }
}

/** What arguments have to be besides valid: what the headers say, and of no other names than rules know. */
function checkTool(deps: AnswerDeps, asking: Asking, { entry, args }: Target): void {
  const { server, item } = entry
  const contract = deps.contracts(item)
  if (asking.era === 'modern') checkParamHeaders(contract.paramHeaders, args, asking.headers)
  const isStrict = deps.readsArguments(asking.principal.workspaceId, server, item)
  if (isStrict) contract.checkNames(args)
}

/** Nothing here gives a client a state to come back with, so none can be genuine (MCP-68). */
function refuseContinuation({ frame }: Asking): void {
  if ('requestState' in frame.params || 'inputResponses' in frame.params) {
    throw new CoreError('params_invalid', { problem: 'The request state is not valid.' })
  }
}

function plumbing(deps: AnswerDeps, asking: Asking): McpReply {
  const { frame, era, session } = asking
  if (era === 'modern' && frame.method === 'server/discover') {
    const result = discoverResult(deps.views(asking), asking.serverInfo)
    return { status: 200, body: answerTo(asking, result) }
  }
  if (session && frame.method === 'ping') return { status: 200, body: answerTo(asking, '{}') }
  if (session && frame.method === 'logging/setLevel') {
    setLogLevel(session, frame.params['level'])
    return { status: 200, body: answerTo(asking, '{}') }
  }
  const supported = era === 'modern' ? modernVersions : legacyVersions
  throw new CoreError('method_unknown', { supported })
}

function setLogLevel(session: Session, level: unknown): void {
  if (typeof level !== 'string' || !isLogLevel(level)) {
    throw new CoreError('params_invalid', { problem: 'There is no such log level.' })
  }
  session.logLevel = level
}
