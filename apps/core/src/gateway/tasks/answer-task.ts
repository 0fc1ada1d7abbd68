import { CoreError } from '../../ground/errors.ts'
import type { Task } from '../../model/task.ts'
import { declaresTasks, tasksCapability } from '../../protocol/rev-2026-07-28/tasks.ts'
import type { Asking } from '../asking.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import type { McpReply } from '../outcome.ts'
import { renderOutcome } from '../outcome.ts'
import { objectionTo, type StillAllowedDeps } from '../calls/still-allowed.ts'
import { renderDone, renderTask, type ShownTask } from './render-task.ts'
import type { LiveTask, LiveTasks } from './live-tasks.ts'
import { endIn, failureEnd } from './task-outcome.ts'
import { taskOwnerOf, type TaskApprovals, type TaskRecords } from './task-records.ts'

export type AnswerTaskDeps = StillAllowedDeps &
  Readonly<{
    live: LiveTasks
    changed: (task: Task) => void
    records: TaskRecords
    approvals: TaskApprovals
  }>

type Answer = (deps: AnswerTaskDeps, asking: Asking, task: Task) => Promise<McpReply>

const answers: ReadonlyMap<string, Answer> = new Map([
  ['tasks/get', get],
  ['tasks/update', update],
  ['tasks/cancel', cancel],
])

/** Undefined for a method that is about no task. */
export function answerTask(deps: AnswerTaskDeps, asking: Asking): Promise<McpReply> | undefined {
  const answer = answers.get(asking.frame.method)
  return answer && ofTask(deps, asking, answer)
}

/** Every request is for its own principal's tasks alone; another's is as unknown as none at all (MCP-134). */
async function ofTask(deps: AnswerTaskDeps, asking: Asking, answer: Answer): Promise<McpReply> {
  const { frame } = asking
  if (!declaresTasks(frame)) {
    throw new CoreError('capability_missing', { requiredCapabilities: tasksCapability })
  }
  const id = frame.params['taskId']
  return answer(deps, asking, await requireOwn(deps, asking, id))
}

async function get(deps: AnswerTaskDeps, asking: Asking, task: Task): Promise<McpReply> {
  return renderTask(asking, await shown(deps, asking, task))
}

/** A task as its caller gets to see it; undefined where it has none of this id. */
export async function shownTask(
  deps: AnswerTaskDeps,
  asking: Asking,
  id: string,
): Promise<ShownTask | undefined> {
  const task = await readOwn(deps, asking, id)
  return task && shown(deps, asking, task)
}

/** @throws CoreError `params_invalid` in the same words for an unknown task and another's */
export async function requireOwn(
  deps: Pick<AnswerTaskDeps, 'records'>,
  asking: Asking,
  id: unknown,
): Promise<Task> {
  const task = typeof id === 'string' ? await readOwn(deps, asking, id) : undefined
  if (!task) throw new CoreError('params_invalid', { problem: 'There is no such task.' })
  return task
}

const readOwn = (
  { records }: Pick<AnswerTaskDeps, 'records'>,
  asking: Asking,
  id: string,
): Promise<Task | undefined> =>
  records.read({ workspaceId: asking.principal.workspaceId, owner: taskOwnerOf(asking), id })

export async function shown(deps: AnswerTaskDeps, asking: Asking, task: Task): Promise<ShownTask> {
  const { approvalId, state } = task
  const approval =
    state === 'working' && approvalId !== undefined
      ? await deps.approvals.progress(asking.principal, approvalId)
      : undefined
  const questions = deps.live.find(task.id)?.questions() ?? []
  return { task, questions, ...(approval && { approval }) }
}

/** Answers are the client's part in a call, so the rules are asked about the call again (MCP-137). */
async function update(deps: AnswerTaskDeps, asking: Asking, task: Task): Promise<McpReply> {
  const live = deps.live.find(task.id)
  if (!live) return renderDone(asking)
  try {
    const objection = objectionTo(deps, asking, live)
    if (objection instanceof CoreError) throw objection
    if (objection) await refuse(deps, asking, { task, live, denied: objection })
    else live.answer(asking.frame)
  } catch (error) {
    await deps.live.end(task, failureEnd(asking, error))
    live.giveUp('it would not begin any more')
  }
  return renderDone(asking)
}

type Refused = Readonly<{
  task: Task
  live: LiveTask
  denied: Extract<GovernedOutcome, { state: 'denied' }>
}>

async function refuse(
  { live: tasks }: AnswerTaskDeps,
  asking: Asking,
  { task, live, denied }: Refused,
): Promise<void> {
  const asked = { ...asking, frame: live.call.frame }
  const ended = { outcome: denied, asks: () => [], sealState: () => '' }
  await tasks.end(task, endIn(renderOutcome(asked, live.call, ended)))
  live.giveUp('the rules deny it')
}

/** It is over for the client whatever its call still does; an approval that nobody waits for is no card any more. */
async function cancel(deps: AnswerTaskDeps, asking: Asking, task: Task): Promise<McpReply> {
  await giveUpTask(deps, asking, task)
  return renderDone(asking)
}

/** False when it had ended before. */
export async function giveUpTask(
  deps: AnswerTaskDeps,
  asking: Asking,
  task: Task,
): Promise<boolean> {
  if (task.state !== 'working' || !(await deps.records.cancel(task))) return false
  deps.changed(task)
  if (task.approvalId !== undefined) await deps.approvals.cancel(asking.principal, task.approvalId)
  deps.live.find(task.id)?.giveUp('its client cancelled it')
  return true
}
