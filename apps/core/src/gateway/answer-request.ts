import { CoreError } from '../ground/errors.ts'
import type { ItemKind } from '../model/server.ts'
import { legacyVersions } from '../protocol/rev-2025-11-25/version.ts'
import { isLogLevel } from '../protocol/rev-2026-07-28/check-request.ts'
import { modernVersions } from '../protocol/rev-2026-07-28/version.ts'
import { answerCall } from './calls/answer-call.ts'
import type { AnswerCallDeps, Asking } from './asking.ts'
import { answerListen, LISTEN } from './subscriptions/answer-listen.ts'
import { answerSubscribe, answerUnsubscribe } from './subscriptions/answer-subscribe.ts'
import { answerOther } from './calls/answer-other.ts'
import { showsApps } from './lists/app-tools.ts'
import { discoverResult } from './lists/discover.ts'
import type { Listens } from './subscriptions/listens.ts'
import type { Lists } from './lists/lists.ts'
import { answerTo, answerWith, type McpReply } from './outcome.ts'
import { actionOf, isOfProtocol, listedKind } from './route.ts'
import { skillAnswers } from './lists/skills.ts'
import type { Session } from './sessions/sessions.ts'
import type { OpenSubscriber } from './subscriptions/subscriptions.ts'
import { answerTask } from './tasks/answer-task.ts'
import { answerLegacyTask, type LegacyTaskDeps } from './tasks/answer-legacy-task.ts'
import type { ListenTaskDeps } from './tasks/listen-tasks.ts'

export type AnswerDeps = AnswerCallDeps &
  ListenTaskDeps &
  LegacyTaskDeps &
  Readonly<{ lists: Lists; listens: Listens; openSubscriber: OpenSubscriber }>

export type AnswerRequest = (asking: Asking) => Promise<McpReply> | McpReply

/**
 * Answers one request of either era: lists and plumbing here, everything that reaches a server through the governed
 * call (MCP-2).
 */
export function createAnswerRequest(deps: AnswerDeps): AnswerRequest {
  return function answerRequest(asking) {
    const { frame, era } = asking
    const action = actionOf(frame.method)
    if (action) return answerCall(deps, asking, action)
    if (era === 'modern' && frame.method === LISTEN) return answerListen(deps, asking)

    if (asking.session && frame.method === 'resources/subscribe') {
      return answerSubscribe(deps.openSubscriber, { ...asking, session: asking.session })
    }
    const aboutTask = asking.session
      ? answerLegacyTask(deps, asking, asking.session)
      : answerTask(deps, asking)
    if (aboutTask) return aboutTask

    const kind = listedKind(frame.method)
    if (kind) return answerList(deps, asking, kind)
    const answerSkill = skillAnswers.get(frame.method)
    if (answerSkill) {
      const result = answerSkill({ ...asking, view: deps.views(asking), uri: frame.params['uri'] })
      return { status: 200, body: answerTo(asking, ...result) }
    }
    return plumbing(deps, asking) ?? answerUnknown(deps, asking)
  }
}

function answerList(deps: AnswerDeps, asking: Asking, kind: ItemKind): McpReply {
  const { frame, principal, era } = asking
  const view = deps.views(asking)
  const cursor = frame.params['cursor']
  const result = deps.lists({ principal, view, kind, era, showsApps: showsApps(asking), cursor })
  return { status: 200, body: answerWith(asking, ...result) }
}

/** @throws CoreError `method_unknown` */
async function answerUnknown(deps: AnswerDeps, asking: Asking): Promise<McpReply> {
  const reply = isOfProtocol(asking.frame.method) ? undefined : await answerOther(deps, asking)
  if (reply) return reply
  const supported = asking.era === 'modern' ? modernVersions : legacyVersions
  throw new CoreError('method_unknown', { supported })
}

function plumbing(deps: AnswerDeps, asking: Asking): McpReply | undefined {
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
  if (session && frame.method === 'resources/unsubscribe') {
    return answerUnsubscribe({ ...asking, session })
  }
  return undefined
}

function setLogLevel(session: Session, level: unknown): void {
  if (typeof level !== 'string' || !isLogLevel(level)) {
    throw new CoreError('params_invalid', { problem: 'There is no such log level.' })
  }
  session.logLevel = level
}
