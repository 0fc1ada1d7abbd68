import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import type { Timers } from '../../ground/timers.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { Answer, Askable } from '../../model/question.ts'
import type { AboutTask } from './call-request.ts'
import { askNeeded, isQuestionMethod } from '../../protocol/client-asks.ts'
import type { InputRequest } from '../../protocol/input-required.ts'
import {
  finalFrameOf,
  readTask,
  type RemoteTask,
} from '../../protocol/rev-2026-07-28/remote-task.ts'
import { pause, withinPollLimits } from './pause.ts'

export type RemoteTaskParts = Readonly<{
  server: string
  askable: Askable | undefined
  /** One request about the task. */
  ask: (about: AboutTask, signal: AbortSignal) => Promise<ServerFrame>
  clock: Pick<Clock, 'nowMs'>
  timers: Pick<Timers, 'after'>
  signal: AbortSignal
}>

const POLL_MS_DEFAULT = 5000
/** Asking about a task changes nothing, so a server that does not answer is asked again; but not for ever. */
const LOST_POLLS_MAX = 5

/**
 * Stays with a task that a modern server made of a call until it has ended, and gives the frame that the call would have
 * been answered with. It asks no faster than the server wants, and carries its questions to the client under the keys
 * that they have (MCP-137).
 *
 * @throws CoreError `server_misbehaves`, `outcome_unknown`, `call_timed_out`
 */
export async function throughTask(first: RemoteTask, parts: RemoteTaskParts): Promise<ServerFrame> {
  const untilMs = parts.clock.nowMs() + limits.taskAbsoluteMs
  const asked = new Set<string>()
  try {
    for (let task = first; ; task = await poll(parts, task)) {
      const ended = endOf(parts, task)
      if (ended) return ended
      if (parts.clock.nowMs() > untilMs) throw unknown(parts, 'task_timed_out')
      carry(parts, task, asked)
    }
  } catch (error) {
    // Best effort: whether it stops is the server's to say.
    const { taskId } = first
    void parts.ask({ method: 'tasks/cancel', taskId }, NEVER).catch(() => undefined)
    throw error
  }
}

/** Each question once: the server repeats those that it has no answer to. */
function carry(parts: RemoteTaskParts, task: RemoteTask, asked: Set<string>): void {
  for (const request of task.inputRequests) {
    if (asked.has(request.key)) continue
    asked.add(request.key)
    void answer(parts, task, request).catch(() => undefined)
  }
}

const NEVER = new AbortController().signal

function endOf(parts: RemoteTaskParts, task: RemoteTask): ServerFrame | undefined {
  const final = finalFrameOf(task)
  if (final) return final
  if (task.status === 'cancelled') throw unknown(parts, 'task_cancelled')
  return undefined
}

async function poll(parts: RemoteTaskParts, task: RemoteTask): Promise<RemoteTask> {
  const { taskId, pollIntervalMs = POLL_MS_DEFAULT } = task
  for (let lost = 0; ; lost += 1) {
    await pause(parts, withinPollLimits(pollIntervalMs), 'server:task')
    const found = await look(parts, taskId)
    if (found) return found
    if (lost + 1 >= LOST_POLLS_MAX) throw unknown(parts, 'task_lost')
  }
}

/** Undefined when the server did not answer. What it does not know any more, nobody does. */
async function look(parts: RemoteTaskParts, taskId: string): Promise<RemoteTask | undefined> {
  const frame = await parts
    .ask({ method: 'tasks/get', taskId }, parts.signal)
    .catch(() => undefined)
  if (parts.signal.aborted) throw unknown(parts, 'cancelled')
  if (!frame) return undefined
  const task = readTask(frame)
  if (task?.taskId !== taskId) throw unknown(parts, 'task_lost')
  return task
}

/** A server that is told of no ability to be asked asks nothing; one that asks all the same gets no answer. */
async function answer(
  parts: RemoteTaskParts,
  { taskId }: RemoteTask,
  { key, method, params }: InputRequest,
): Promise<void> {
  if (!isQuestionMethod(method)) return
  const needed = askNeeded(method, JSON.parse(params.toString('utf8')))
  if (!parts.askable?.asks.includes(needed)) return
  const given = await parts.askable.ask({ method, params, key }).catch((): Answer => REFUSED)
  const response = 'result' in given ? given.result.toString('utf8') : CANCELLED
  const more = `,"inputResponses":{${JSON.stringify(key)}:${response}}`
  await parts.ask({ method: 'tasks/update', taskId, more }, parts.signal)
}

const REFUSED: Answer = { error: Buffer.from('{}') }
const CANCELLED = '{"action":"cancel"}'

const unknown = ({ server }: RemoteTaskParts, reason: string): CoreError =>
  new CoreError('outcome_unknown', { server, reason })
