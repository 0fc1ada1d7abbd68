import type { ApprovalStatus } from '../../model/approval.ts'
import type { Task } from '../../model/task.ts'
import type { Asking } from '../answer-call.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import type { McpReply } from '../outcome.ts'
import type { UnderWay } from '../still-allowed.ts'
import type { LiveTaskParts, LiveTasks } from './live-tasks.ts'
import { renderCreated } from './render-task.ts'
import { endOf } from './task-outcome.ts'
import { taskOwnerOf, type TaskApprovals, type TaskRecords } from './task-records.ts'
import { startTaskRun, type Lasting, type RunStart, type TaskRun } from './task-run.ts'

export type TaskCall = UnderWay &
  Pick<RunStart, 'asks' | 'work'> &
  Readonly<{
    asking: Asking
    /** The answer that an outcome makes for this client. */
    render: (outcome: GovernedOutcome) => McpReply
  }>

export type TaskCalls = Readonly<{
  /** Answers a request whose client takes a task for an answer. */
  begin: (taskCall: TaskCall) => Promise<McpReply>
  /** Goes on with a task that waited for people when its process ended. */
  resume: (task: Task, taskCall: TaskCall) => void
}>

export type TaskCallParts = Pick<LiveTaskParts, 'timers' | 'changed'> &
  Readonly<{ records: Pick<TaskRecords, 'open'>; approvals: TaskApprovals; live: LiveTasks }>

const KEPT_MS = 24 * 3_600_000

export function createTaskCalls(parts: TaskCallParts): TaskCalls {
  const { records, live, timers } = parts

  function start(
    { asks, work }: TaskCall,
    more: Pick<RunStart, 'approvalId' | 'closed' | 'outlet'>,
  ) {
    const known: { task?: Task } = {}
    const changed = (): void => {
      if (known.task) parts.changed(known.task)
    }
    const run = startTaskRun({ timers, until: live.stopping, changed }, { ...more, asks, work })
    return { known, run }
  }

  function follow(task: Task, run: TaskRun, { call, effect, asking, render }: TaskCall): void {
    run.detach()
    live.follow(task, { ...run, call, effect }, endOf(asking, run.outcome, render))
  }

  return {
    async begin(taskCall) {
      const { asking, render } = taskCall
      const { run, known } = start(taskCall, { outlet: asking.outlet, closed: asking.signal })
      const turn = await run.turn
      if ('outcome' in turn) return render(turn.outcome)
      try {
        const approval = await approvalOf(parts, asking, turn)
        const task = await records.open(newTask(asking, turn, approval))
        known.task = task
        follow(task, run, taskCall)
        const questions = run.questions()
        return renderCreated(asking, { task, questions, ...(approval && { approval }) })
      } catch (error) {
        run.giveUp('no task could be kept')
        throw error
      }
    },
    resume(task, taskCall) {
      const { approvalId = '' } = task
      const closed = new AbortController().signal
      const { run, known } = start(taskCall, { approvalId, closed, outlet: SILENT })
      known.task = task
      follow(task, run, taskCall)
    },
  }
}

const SILENT = { notify: (): void => undefined }

const approvalOf = async (
  { approvals }: Pick<TaskCallParts, 'approvals'>,
  { principal }: Asking,
  { approvalId }: Lasting,
): Promise<ApprovalStatus | undefined> =>
  approvalId === undefined ? undefined : approvals.progress(principal, approvalId)

function newTask(
  asking: Asking,
  { approvalId }: Lasting,
  approval: ApprovalStatus | undefined,
): Parameters<TaskRecords['open']>[0] {
  const { principal, profile, clientIp, frame } = asking
  return {
    workspaceId: principal.workspaceId,
    owner: taskOwnerOf(asking),
    request: {
      agentId: principal.agent.id,
      tokenId: principal.tokenId,
      profile: profile?.name ?? '',
      clientIp,
      bytes: frame.bytes,
    },
    ...(approvalId !== undefined && { approvalId }),
    keepMs: KEPT_MS,
    ...(approval && { waitsUntilMs: approval.expiresAtMs }),
  }
}
