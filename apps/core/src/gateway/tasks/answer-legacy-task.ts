import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Frame } from '../../model/frame.ts'
import type { Task } from '../../model/task.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import { TASKS_VERSION, withRelatedTask } from '../../protocol/rev-2025-11-25/tasks.ts'
import type { Asking } from '../asking.ts'
import { answerTo, type McpReply } from '../outcome.ts'
import type { KeyedQuestion } from '../questions/question-room.ts'
import type { Sealing } from '../seal.ts'
import type { Session } from '../sessions/sessions.ts'
import { type Slots, takeSlot } from '../slots.ts'
import { giveUpTask, requireOwn, shown, type AnswerTaskDeps } from './answer-task.ts'
import { legacyMembersOf, renderEnded } from './render-task.ts'
import { taskOwnerOf } from './task-records.ts'
import type { TaskWatch } from './task-watch.ts'

export type LegacyTaskDeps = AnswerTaskDeps &
  Pick<Sealing, 'seal' | 'open'> &
  Readonly<{
    watch: Pick<TaskWatch, 'on'>
    slots: Slots
    timers: Pick<Timers, 'after'>
  }>

type Answer = (deps: LegacyTaskDeps, asking: Asking) => Promise<McpReply>

const answers: ReadonlyMap<string, Answer> = new Map([
  ['tasks/get', get],
  ['tasks/result', fetchResult],
  ['tasks/list', list],
  ['tasks/cancel', cancel],
])

/** The tasks of the one older revision that has them: another shape of the same (MCP-138). */
export function answerLegacyTask(
  deps: LegacyTaskDeps,
  asking: Asking,
  { version }: Session,
): Promise<McpReply> | undefined {
  const answer = version === TASKS_VERSION ? answers.get(asking.frame.method) : undefined
  return answer?.(deps, asking)
}

const named = (deps: LegacyTaskDeps, asking: Asking): Promise<Task> =>
  requireOwn(deps, asking, asking.frame.params['taskId'])

const reply = (asking: Asking, result: object): McpReply => ({
  status: 200,
  body: answerTo(asking, JSON.stringify(result)),
})

async function get(deps: LegacyTaskDeps, asking: Asking): Promise<McpReply> {
  return reply(asking, legacyMembersOf(await shown(deps, asking, await named(deps, asking))))
}

/** What has ended cannot be cancelled any more; what is cancelled is so before the answer. */
async function cancel(deps: LegacyTaskDeps, asking: Asking): Promise<McpReply> {
  const task = await named(deps, asking)
  if (!(await giveUpTask(deps, asking, task))) {
    throw new CoreError('params_invalid', { problem: 'The task has ended.' })
  }
  return get(deps, asking)
}

const PAGE_LENGTH = 50
const Cursor = z.strictObject({ owner: z.string(), createdAtMs: z.int(), id: z.string() })

/** The caller's own, newest first. */
async function list(deps: LegacyTaskDeps, asking: Asking): Promise<McpReply> {
  const owner = taskOwnerOf(asking)
  const { workspaceId } = asking.principal
  const before = openCursor(deps, asking.frame.params['cursor'], owner)
  const page = { workspaceId, owner, limit: PAGE_LENGTH + 1, ...(before && { before }) }
  const found = await deps.records.list(page)
  const tasks = found.slice(0, PAGE_LENGTH)
  const last = found.length > PAGE_LENGTH ? tasks.at(-1) : undefined
  const nextCursor = last && deps.seal('mcp-cursor', JSON.stringify({ owner, ...positionOf(last) }))
  const members = await Promise.all(
    tasks.map(async (task) => legacyMembersOf(await shown(deps, asking, task))),
  )
  return reply(asking, { tasks: members, ...(nextCursor !== undefined && { nextCursor }) })
}

const positionOf = ({ createdAtMs, id }: Task) => ({ createdAtMs, id })

function openCursor(deps: LegacyTaskDeps, cursor: unknown, owner: string) {
  if (cursor === undefined) return undefined
  const text = typeof cursor === 'string' ? deps.open('mcp-cursor', cursor) : undefined
  const opened = Cursor.safeParse(text === undefined ? undefined : JSON.parse(text))
  if (!opened.success || opened.data.owner !== owner) {
    throw new CoreError('params_invalid', { problem: 'The cursor is not valid.' })
  }
  const { createdAtMs, id } = opened.data
  return { createdAtMs, id }
}

/** How long a change by another process may go unseen. */
const WAIT_MS = 1000

/**
 * Waits until the task has ended and gives what it came to. Meanwhile its server's questions go to the client on this
 * request's stream, one after another.
 */
async function fetchResult(deps: LegacyTaskDeps, asking: Asking): Promise<McpReply> {
  const giveBack = takeSlot(deps.slots, asking)
  try {
    return await whenEnded(deps, asking)
  } finally {
    giveBack()
  }
}

async function whenEnded(deps: LegacyTaskDeps, asking: Asking): Promise<McpReply> {
  for (;;) {
    const task = await named(deps, asking)
    if (task.state !== 'working') return renderEnded(asking, task)
    const live = deps.live.find(task.id)
    const [question] = live?.questions() ?? []
    if (live && question) {
      live.answer(await askOnStream(asking, task, question))
    } else await changeOf(deps, asking, task)
  }
}

async function askOnStream(
  { outlet }: Asking,
  { id }: Task,
  [key, { method, params }]: KeyedQuestion,
): Promise<Frame> {
  const related = withRelatedTask(params, id)
  const answer = await outlet.askable?.ask({ method, params: related }).catch(() => undefined)
  const isAnswered = answer && 'result' in answer
  return answerFrame(key, isAnswered ? answer.result.toString('utf8') : '{"action":"cancel"}')
}

/** The answer in the words that a modern client would have for it, so that it passes the same checks. */
function answerFrame(key: string, response: string): Frame {
  const params = `{"inputResponses":{${JSON.stringify(key)}:${response}}}`
  const text = `{"jsonrpc":"2.0","method":"tasks/update","params":${params}}`
  const message = parseClientMessage(Buffer.from(text))
  if (!('frame' in message)) throw new RangeError('an answer is a message')
  return message.frame
}

/** Until the task changes here, or for a moment: another process may go on with it. */
async function changeOf(
  { watch, timers }: LegacyTaskDeps,
  { signal }: Asking,
  { id }: Task,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  using watching = watch.on([id], () => resolve())
  using pause = timers.after(WAIT_MS, resolve)
  void [watching, pause]
  signal.throwIfAborted()
  await promise
}
