import type { ApprovalStatus } from '../../model/approval.ts'
import type { Task } from '../../model/task.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { answerTo, type Asked, type McpReply } from '../outcome.ts'
import type { KeyedQuestion } from '../question-room.ts'
import { inputRequestsOf } from '../render-round.ts'
import { waitingText } from '../waiting-text.ts'

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

/** The answer to a call that became a task: `resultType` says so. */
export const renderCreated = (asked: Asked, shown: ShownTask): McpReply =>
  resultOf(asked, 'task', standingOf(shown))

/** The answer to `tasks/get`, with what the task came to (MCP-134). */
export function renderTask(asked: Asked, shown: ShownTask): McpReply {
  const { state, approvalId } = shown.task
  const reply = resultOf(asked, 'complete', detailsOf(shown))
  const isFetched = state === 'completed' && approvalId !== undefined
  return { ...reply, ...(isFetched && { approvalId }) }
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

function standingOf({ task, questions, approval }: ShownTask): string {
  const { id, state, createdAtMs, changedAtMs, expiresAtMs, nowMs } = task
  const isOpen = state === 'working'
  const message = isOpen && approval ? waitingText(approval) : undefined
  const pollIntervalMs = Math.min(
    POLL_MS_MAX,
    Math.max(POLL_MS_MIN, Math.round((nowMs - createdAtMs) / AGE_PER_POLL)),
  )
  const members = {
    taskId: id,
    status: isOpen && questions.length > 0 ? 'input_required' : state,
    ...(message !== undefined && { statusMessage: message }),
    createdAt: new Date(createdAtMs).toISOString(),
    lastUpdatedAt: new Date(changedAtMs).toISOString(),
    ttlMs: expiresAtMs - createdAtMs,
    ...(isOpen && { pollIntervalMs }),
  }
  return JSON.stringify(members).slice(1, -1)
}

function resultOf(asked: Asked, resultType: string, members: string): McpReply {
  const rest = members === '' ? '' : `,${members}`
  const meta = `"_meta":{"${metaKeys.serverInfo}":${asked.serverInfo}}`
  const body = answerTo(asked, `{"resultType":"${resultType}"${rest},${meta}}`)
  return { status: 200, body }
}
