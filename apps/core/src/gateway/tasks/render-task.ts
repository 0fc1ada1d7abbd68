import { CoreError } from '../../ground/errors.ts'
import type { ApprovalStatus } from '../../model/approval.ts'
import type { Task } from '../../model/task.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { withRelatedTask } from '../../protocol/rev-2025-11-25/tasks.ts'
import { answerTo, type Asked, errorTo, type McpReply } from '../outcome.ts'
import type { KeyedQuestion } from '../questions/question-room.ts'
import { inputRequestsOf } from '../questions/render-round.ts'
import { waitingText } from '../waiting/waiting-text.ts'

/** A task as its client gets to see it now. */
export type ShownTask = Readonly<{
  task: Task
  /** What its server asks of the client. */
  questions: readonly KeyedQuestion[]
  /** What it waits for, where a person has to decide. */
  approval?: ApprovalStatus
}>

const POLL_MS_MIN = 3000
const POLL_MS_MAX = 15_000
/** A task that is young may be done soon; one that is ten times as old as the interval will not miss it. */
const AGE_PER_POLL = 10

/** The answer to a call that became a task. */
export function renderCreated(asked: Asked, shown: ShownTask): McpReply {
  if (asked.era === 'modern') return resultOf(asked, 'task', standingOf(shown))
  const result = JSON.stringify({ task: legacyMembersOf(shown) })
  return { status: 200, body: answerTo(asked, result) }
}

/** The answer to `tasks/get`, with what the task came to (MCP-134). */
export function renderTask(asked: Asked, shown: ShownTask): McpReply {
  const { state, approvalId } = shown.task
  const reply = resultOf(asked, 'complete', detailsOf(shown))
  const isFetched = state === 'completed' && approvalId !== undefined
  return { ...reply, ...(isFetched && { approvalId }) }
}

/** What a task came to, as the call itself would have been answered, and whose it is (MCP-138). */
export function renderEnded(asked: Asked, { id, state, outcome, approvalId }: Task): McpReply {
  if (!outcome) throw new CoreError('params_invalid', { problem: `The task was ${state}.` })
  if (state === 'failed') return { status: 200, body: errorTo(asked, outcome) }
  const body = answerTo(asked, withRelatedTask(outcome, id))
  return { status: 200, body, ...(approvalId !== undefined && { approvalId }) }
}

export const renderDone = (asked: Asked): McpReply => resultOf(asked, 'complete', '')

/** The members of a task, with what belongs to its status; as notifications have them too. */
export function detailsOf(shown: ShownTask): string {
  const { task, questions } = shown
  const { state, outcome } = task
  const head = standingOf(shown)
  if (state === 'completed') return `${head},"result":${outcome?.toString('utf8') ?? '{}'}`
  if (state === 'failed') return `${head},"error":${outcome?.toString('utf8') ?? '{}'}`
  const isAsked = state === 'working' && questions.length > 0
  return isAsked ? `${head},"inputRequests":${inputRequestsOf(questions)}` : head
}

const standingOf = (shown: ShownTask): string => JSON.stringify(membersOf(shown)).slice(1, -1)

function membersOf({ task, questions, approval }: ShownTask) {
  const { id, state, createdAtMs, changedAtMs, expiresAtMs, nowMs } = task
  const isOpen = state === 'working'
  const message = isOpen && approval ? waitingText(approval) : undefined
  const pollIntervalMs = Math.min(
    POLL_MS_MAX,
    Math.max(POLL_MS_MIN, Math.round((nowMs - createdAtMs) / AGE_PER_POLL)),
  )
  return {
    taskId: id,
    status: isOpen && questions.length > 0 ? 'input_required' : state,
    ...(message !== undefined && { statusMessage: message }),
    createdAt: new Date(createdAtMs).toISOString(),
    lastUpdatedAt: new Date(changedAtMs).toISOString(),
    ttlMs: expiresAtMs - createdAtMs,
    ...(isOpen && { pollIntervalMs }),
  }
}

/** The members of a task in the words of the older revision that has tasks (MCP-138). */
export function legacyMembersOf(shown: ShownTask): Readonly<Record<string, unknown>> {
  const { ttlMs: ttl, pollIntervalMs: pollInterval, ...members } = membersOf(shown)
  return { ...members, ttl, ...(pollInterval !== undefined && { pollInterval }) }
}

function resultOf(asked: Asked, resultType: string, members: string): McpReply {
  const rest = members === '' ? '' : `,${members}`
  const meta = `"_meta":{"${metaKeys.serverInfo}":${asked.serverInfo}}`
  const body = answerTo(asked, `{"resultType":"${resultType}"${rest},${meta}}`)
  return { status: 200, body }
}
