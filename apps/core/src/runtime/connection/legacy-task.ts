import { z } from 'zod'

import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Call } from '../../model/call.ts'
import type { ServerFrame } from '../../model/frame.ts'
import { readValue } from '../../protocol/members.ts'
import { withoutRelatedTask } from '../../protocol/rev-2025-11-25/tasks.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'
import type { Greeting } from './handshake.ts'
import { pause, withinPollLimits } from './pause.ts'

export type LegacyTaskParts = Readonly<{
  server: string
  /** One request about the task. What the server asks meanwhile goes to the client of the call. */
  ask: (method: string, taskId: string, signal: AbortSignal) => Promise<ServerFrame>
  clock: Pick<Clock, 'nowMs'>
  timers: Pick<Timers, 'after'>
  signal: AbortSignal
}>

const Task = z.looseObject({
  taskId: z.string(),
  status: z.string(),
  pollInterval: z.number().optional(),
})
type Task = z.infer<typeof Task>
const Created = z.looseObject({ task: Task })

const POLL_MS_DEFAULT = 1000

const Definition = z.looseObject({
  execution: z.looseObject({ taskSupport: z.string().optional() }).optional(),
})
const Offered = z.looseObject({
  tasks: z.looseObject({
    requests: z.looseObject({ tools: z.looseObject({ call: z.looseObject({}) }) }),
  }),
})

/** A tool of the one older revision with tasks that can be called in no other way (MCP-138). */
export function isTaskOnly({ era, capabilities }: Greeting, { item }: Call): boolean {
  // Few tools say anything of tasks; the others' definitions need no parsing.
  if (era !== 'legacy' || item?.kind !== 'tool' || !item.definition.includes('"taskSupport"')) {
    return false
  }
  const { execution } = Definition.parse(JSON.parse(item.definition))
  return execution?.taskSupport === 'required' && Offered.safeParse(capabilities).success
}

/**
 * Stays with the task that a server of that revision made of a call, and gives the frame that the call would have been
 * answered with. A server that wants something of the client says so only to who fetches the result.
 *
 * @throws CoreError `outcome_unknown`
 */
export async function throughLegacyTask(
  first: ServerFrame,
  parts: LegacyTaskParts,
): Promise<ServerFrame> {
  const created = Created.safeParse(resultIn(first))
  if (!created.success) return first
  const { task } = created.data
  try {
    await untilFetchable(parts, task)
    const frame = await parts.ask('tasks/result', task.taskId, parts.signal)
    const { result } = frame.spans
    return result ? readServerFrame(withoutRelatedTask(frame.bytes, result)) : frame
  } catch (error) {
    // Best effort: whether it stops is the server's to say.
    void parts.ask('tasks/cancel', task.taskId, NEVER).catch(() => undefined)
    throw error
  }
}

const NEVER = new AbortController().signal

async function untilFetchable(parts: LegacyTaskParts, created: Task): Promise<void> {
  const untilMs = parts.clock.nowMs() + limits.taskAbsoluteMs
  let task = created
  while (task.status === 'working') {
    if (parts.clock.nowMs() > untilMs) throw unknown(parts, 'task_timed_out')
    await pause(parts, withinPollLimits(task.pollInterval ?? POLL_MS_DEFAULT), 'server:task')
    const looked = Task.safeParse(resultIn(await parts.ask('tasks/get', task.taskId, parts.signal)))
    if (!looked.success || looked.data.taskId !== task.taskId) throw unknown(parts, 'task_lost')
    task = looked.data
  }
}

const resultIn = ({ bytes, spans }: ServerFrame): unknown =>
  spans.result && readValue(bytes, spans.result)

const unknown = ({ server }: LegacyTaskParts, reason: string): CoreError =>
  new CoreError('outcome_unknown', { server, reason })
