import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Log } from '../ground/log.ts'
import type { Timers } from '../ground/timers.ts'
import type { Frame } from '../model/frame.ts'
import { declaresApps } from '../protocol/apps.ts'
import { rpcProblem } from '../protocol/errors.ts'
import { parseClientMessage } from '../protocol/frame.ts'
import { accepts, header, type Headers } from '../protocol/headers.ts'
import { asksOf, isSessionVersion, negotiateVersion } from '../protocol/rev-2025-11-25/version.ts'
import { checkRequest } from '../protocol/rev-2026-07-28/check-request.ts'
import type { Asking } from './asking.ts'
import type { AnswerDeps, AnswerRequest } from './answer-request.ts'
import { createAnswering } from './answering.ts'
import { withBatches } from './sessions/batch.ts'
import { classify, type Route } from './classify.ts'
import { initializeResult } from './lists/discover.ts'
import type { GovernedCall } from './governed-call.ts'
import { createKeptEvents } from './sessions/kept-events.ts'
import { createListens } from './subscriptions/listens.ts'
import { createOlderTransport, type OlderTransport } from './sessions/older-transport.ts'
import type { OwnTools } from './own-tools.ts'
import { answerTo, type Asked, type McpReply, renderFailure } from './outcome.ts'
import { type ClientOutlet, createOpenResumable, type OpenResumable } from './sessions/resumable.ts'
import type { Sealing } from './seal.ts'
import { createSessionIds } from './sessions/session-ids.ts'
import { openSessionQuestions, takeAnswer } from './questions/session-questions.ts'
import { type StreamOutlet, streamInSession } from './sessions/session-stream.ts'
import { createSessions, type Session, type Sessions } from './sessions/sessions.ts'
import type { AdoptDeps } from './tasks/adopt-task.ts'
import { createViews, type Viewer, type Views, type ViewSources } from './lists/views.ts'

/** One POST to an MCP endpoint, after authentication. */
export type McpRequest = Viewer &
  Readonly<{
    body: Buffer
    headers: Headers
    clientIp: string
    /** Who the same credential lets in now. */
    viewer: () => Viewer | undefined
  }>

export type Mcp = Readonly<{
  /**
   * Answers one message; never rejects. Frames that precede the answer go to `outlet`. `closed` tells that the client
   * hung up, which cancels a modern request and means nothing to a legacy one (MCP-36, MCP-131).
   */
  handle: (request: McpRequest, outlet: ClientOutlet, closed: AbortSignal) => Promise<McpReply>
  /** Ends the caller's own legacy session (MCP-12). */
  endSession: (caller: Viewer, headers: Headers) => McpReply
  /**
   * The stream of a legacy session for what no request caused (MCP-34): list changes. `opened` is called when it may
   * begin; resolves when it has ended.
   *
   * @throws CoreError `method_not_allowed` where there is no such session
   */
  listen: (request: StreamRequest, outlet: StreamOutlet, closed: AbortSignal) => Promise<void>
  /** A server says that a visit that it asked for is done: tells the legacy client that it asked (MCP-38). */
  elicited: (serverId: string, elicitationId: string) => void
  /** The transport before the present one, over the same sessions (MCP-39). */
  older: OlderTransport
  /** Ends every stream that would not end by itself and every call that waits for its client, and lets go of tasks. */
  stop: () => Promise<void>
}>

export type StreamRequest = Omit<McpRequest, 'body' | 'clientIp'>

export type McpDeps = ViewSources &
  Sealing &
  Pick<AnswerDeps, 'readsArguments' | 'decide' | 'records' | 'approvals' | 'approvalUrl'> &
  Pick<AdoptDeps, 'viewerOf'> &
  Readonly<{
    governedCall: GovernedCall
    ownTools: OwnTools
    clock: Pick<Clock, 'nowMs'>
    newId: NewId
    timers: Pick<Timers, 'after' | 'every'>
    log: Pick<Log, 'error'>
    /** Of this release; shown to clients. */
    version: string
  }>

/** Joins the stages for MCP: what comes in by `/mcp` is told apart, looked up, governed and answered here. */
export function createMcp(deps: McpDeps): Mcp {
  const mcp = withBatches(createSessionIds(deps), createSingles(deps))
  return { ...mcp, older: createOlderTransport({ ...mcp, ...deps }) }
}

function createSingles(deps: McpDeps): Omit<Mcp, 'older'> {
  const serverInfo = JSON.stringify({ name: 'peta', title: 'Peta', version: deps.version })
  const views = createViews(deps, deps.ownTools)
  const sessions = createSessions(deps.clock, createSessionIds(deps))
  const kept = createKeptEvents(deps)
  const sweeping = sweepNowAndThen(deps.timers, [sessions, kept])
  const listens = createListens(views, deps.timers)
  const { answerRequest, elicited, stop } = createAnswering({ ...deps, views, listens, serverInfo })
  const failed = (error: unknown, asked?: Asked): McpReply => {
    if (rpcProblem(error).status >= 500) deps.log.error({ err: error }, 'mcp request failed')
    return renderFailure(error, asked)
  }
  const openResumable = createOpenResumable({ ...deps, kept })
  const ways = { ...deps, answerRequest, sessions, views, serverInfo, openResumable, failed }

  return {
    async handle(request, outlet, closed) {
      let asked: Asked | undefined
      try {
        const message = parseClientMessage(request.body)
        if ('frame' in message) asked = { frame: message.frame, era: 'modern', serverInfo }
        const route = classify(message, request.headers, request.profile?.eras)
        if (route.way === 'answer') return answered(ways, request, route)
        asked = askedBy(route, serverInfo)
        const asking = { ...request, ...asked, outlet, signal: closed }
        if (route.way === 'modern') return await modern(ways, asking)
        if (route.way === 'initialize') return initialize(ways, asking)
        return await inSession(ways, asking, sessionOf(ways, asking, route.sessionId))
      } catch (error) {
        return failed(error, asked)
      }
    },
    endSession: (caller, headers) => endSession(sessions, caller, headers),
    listen: (request, outlet, closed) =>
      streamInSession({ sessions, listens, kept }, request, outlet, closed),
    elicited,
    async stop() {
      sweeping[Symbol.dispose]()
      listens.stop()
      await stop()
    },
  }
}

const SWEEP_MS = 60_000

const sweepNowAndThen = (
  timers: Pick<Timers, 'every'>,
  held: readonly Readonly<{ sweep: () => void }>[],
): Disposable =>
  timers.every(SWEEP_MS, () => {
    for (const { sweep } of held) sweep()
  })

function endSession(sessions: Sessions, caller: Viewer, headers: Headers): McpReply {
  try {
    sessions.end(caller, header(headers, 'mcp-session-id') ?? '')
    return { status: 204 }
  } catch (error) {
    return renderFailure(error)
  }
}

type Ways = Readonly<{
  newId: NewId
  timers: Pick<Timers, 'after'>
  openResumable: OpenResumable
  failed: (error: unknown, asked: Asked) => McpReply
  answerRequest: AnswerRequest
  sessions: Sessions
  views: Views
  serverInfo: string
}>

const askedBy = (route: { way: string; frame: Frame }, serverInfo: string): Asked => ({
  frame: route.frame,
  era: route.way === 'modern' ? 'modern' : 'legacy',
  serverInfo,
})

const ACCEPTED: McpReply = { status: 202 }

function modern({ answerRequest }: Ways, asking: Asking): Promise<McpReply> | McpReply {
  checkRequest(asking.frame, asking.headers)
  return asking.frame.id === undefined ? ACCEPTED : answerRequest(asking)
}

function initialize({ sessions, views, serverInfo }: Ways, asking: Asking): McpReply {
  const version = negotiateVersion(asking.frame.params['protocolVersion'])
  const { capabilities } = asking.frame.params
  const offers = { asks: asksOf(version, capabilities), showsApps: declaresApps(capabilities) }
  const session = sessions.begin(asking, version, offers)
  const result = initializeResult(views(asking), version, serverInfo)
  return { status: 200, body: answerTo(asking, result), sessionId: session.id }
}

/** A legacy request ends by its answer or by `notifications/cancelled`; after that nothing is sent for it. */
async function inSession(ways: Ways, asking: Asking, session: Session): Promise<McpReply> {
  const { id } = asking.frame
  if (id === undefined) return notice(session, asking.frame)
  if (session.open.has(id)) {
    throw new CoreError('frame_invalid', { problem: 'a request with this id is still open' })
  }
  const controller = new AbortController()
  const { signal } = controller
  const { headers, signal: closed } = asking
  using stream = ways.openResumable({ session, outlet: asking.outlet, headers, closed })
  const outlet = stream ? { ...asking.outlet, notify: stream.notify } : asking.outlet
  const askable = mayAsk(session, asking)
    ? openSessionQuestions({ ...ways, session, outlet })
    : undefined
  session.open.set(id, controller)
  const finish = (answer: McpReply): McpReply => {
    const reply = signal.aborted ? ACCEPTED : answer
    return stream?.finish(reply) ?? reply
  }
  try {
    const to = askable ? { ...outlet, askable } : outlet
    return finish(await ways.answerRequest({ ...asking, outlet: to, session, signal }))
  } catch (error) {
    return signal.aborted ? finish(ACCEPTED) : finish(ways.failed(error, asking))
  } finally {
    session.open.delete(id)
    askable?.end()
  }
}

/** @throws CoreError `session_unknown`, `header_mismatch` */
function sessionOf({ sessions }: Ways, asking: Asking, sessionId: string): Session {
  const session = sessions.find(asking, sessionId)
  if (session.subscriber) session.viewer = asking.viewer
  if (isSessionVersion(session.version, header(asking.headers, 'mcp-protocol-version'))) {
    return session
  }
  throw new CoreError('header_mismatch', { header: 'MCP-Protocol-Version' })
}

/** A client that takes no stream can be asked nothing on it (MCP-34). */
const mayAsk = ({ asks }: Session, { headers }: Asking): boolean =>
  asks.length > 0 && accepts(headers, 'text/event-stream')

/** No notice reaches a server by itself. Unknown and finished ids are ignored: the answer may have crossed (MCP-131). */
function notice(session: Session, { method, params }: Frame): McpReply {
  const id = params['requestId']
  if (method === 'notifications/cancelled' && (typeof id === 'string' || typeof id === 'number')) {
    session.open.get(id)?.abort()
  }
  if (method === 'notifications/roots/list_changed') session.rootsMark = undefined
  return ACCEPTED
}

/** An answer belongs to a question of the same session, or nowhere (MCP-14). */
function answered({ sessions }: Ways, request: McpRequest, route: AnswerRoute): McpReply {
  const session = sessions.find(request, route.sessionId)
  if (takeAnswer(session, route.id, route.bytes)) return ACCEPTED
  throw new CoreError('frame_invalid', { problem: 'no request is open that this would answer' })
}

type AnswerRoute = Extract<Route, { way: 'answer' }>
