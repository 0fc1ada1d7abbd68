import type { ApprovalStatus } from '../../model/approval.ts'
import type { Task } from '../../model/task.ts'
import type { Asking } from '../asking.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import type { McpReply } from '../outcome.ts'
import type { UnderWay } from '../calls/still-allowed.ts'
import type { LiveTaskParts, LiveTasks } from './live-tasks.ts'
import { renderCreated } from './render-task.ts'
import { endOf } from './task-outcome.ts'
import { taskOwnerOf, type TaskApprovals, type TaskRecords } from './task-records.ts'
import { startTaskRun, type Lasting, type RunStart, type TaskRun } from './task-run.ts'

export type TaskCall = UnderWay &
  Pick<RunStart, 'asks' | 'work'> &
  Readonly<{
    asking: Asking
    /** Its client wants a task whatever comes of the call, and may have said for how long. */
    wanted?: Readonly<{ ttlMs?: number }>
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
const KEPT_MS_MIN = 60_000

export function createTaskCalls(parts: TaskCallParts): TaskCalls {
  const { records, live } = parts

  function follow(task: Task, run: TaskRun, { call, effect, asking, render }: TaskCall): void {
    run.detach()
    live.follow(task, { ...run, call, effect }, endOf(asking, run.outcome, render))
  }

  return {
    async begin(taskCall) {
      const { asking, render } = taskCall
      const { run, known } = start(parts, taskCall, {
        outlet: asking.outlet,
        closed: asking.signal,
      })
      const turn = mayEndFirst(taskCall) ? await run.turn : {}
      if ('outcome' in turn && !taskCall.wanted) return render(turn.outcome)
      const lasting = 'outcome' in turn ? {} : turn
      try {
        const approval = await approvalOf(parts, asking, lasting)
        const task = await records.open(newTask(taskCall, lasting, approval))
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
      const { run, known } = start(parts, taskCall, { approvalId, closed, outlet: SILENT })
      known.task = task
      follow(task, run, taskCall)
    },
  }
}

type HowToStart = Pick<RunStart, 'approvalId' | 'closed' | 'outlet'>

/** Starts a call, and tells of its questions once `known` has its task. */
function start(
  { timers, live, changed }: TaskCallParts,
  { asks, work, wanted }: TaskCall,
  how: HowToStart,
) {
  const known: { task?: Task } = {}
  const tell = (): void => {
    if (known.task) changed(known.task)
  }
  const run = startTaskRun(
    { timers, until: live.stopping, changed: tell },
    { ...how, asks, work, isTask: wanted !== undefined },
  )
  return { known, run }
}

const SILENT = { notify: (): void => undefined }

const approvalOf = async (
  { approvals }: Pick<TaskCallParts, 'approvals'>,
  { principal }: Asking,
  { approvalId }: Lasting,
): Promise<ApprovalStatus | undefined> =>
  approvalId === undefined ? undefined : approvals.progress(principal, approvalId)

/** Where a person may be asked, the task is to say so; else a client that wants one gets it at once. */
const mayEndFirst = ({ wanted, effect }: TaskCall): boolean =>
  wanted === undefined || effect === 'require_approval'

function newTask(
  { asking, wanted }: TaskCall,
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
    keepMs: Math.min(KEPT_MS, Math.max(KEPT_MS_MIN, wanted?.ttlMs ?? KEPT_MS)),
    ...(approval && { waitsUntilMs: approval.expiresAtMs }),
  }
}
