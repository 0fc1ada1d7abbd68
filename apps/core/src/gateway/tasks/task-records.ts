import type { ApprovalStatus } from '../../model/approval.ts'
import type { Principal } from '../../model/principal.ts'
import type { Task, TaskKey, TaskRequest } from '../../model/task.ts'
import { ownerOf } from '../sessions/sessions.ts'
import type { Viewer } from '../lists/views.ts'
import type { Asked } from '../outcome.ts'
import type { TaskEnd } from './task-outcome.ts'

/** What is kept of tasks, as the gateway needs it. */
export type TaskRecords = Readonly<{
  /** Durable when it resolves. @throws CoreError `calls_limited`, `vault_sealed` */
  open: (
    task: Readonly<{
      workspaceId: string
      owner: string
      request: TaskRequest
      approvalId?: string
      keepMs: number
      waitsUntilMs?: number
    }>,
  ) => Promise<Task>
  read: (key: TaskKey) => Promise<Task | undefined>
  /** An owner's tasks, newest first, without their outcomes. */
  list: (
    page: Readonly<{
      workspaceId: string
      owner: string
      before?: Pick<Task, 'createdAtMs' | 'id'>
      limit: number
    }>,
  ) => Promise<readonly Task[]>
  /** False when it had ended before, or another process goes on with it. */
  end: (key: TaskKey, end: TaskEnd) => Promise<boolean>
  /** False when it had ended before. */
  cancel: (key: TaskKey) => Promise<boolean>
  /** Every task that its process left behind is handed to `adopt`, from now on. */
  adopt: (adopt: (orphan: Orphan) => void) => Promise<void>
}>

/** Approvals that tasks wait for, each only for the agent that asked. */
export type TaskApprovals = Readonly<{
  progress: (principal: Principal, approvalId: string) => Promise<ApprovalStatus | undefined>
  /** It is not wanted any more; what runs already goes on. */
  cancel: (principal: Principal, approvalId: string) => Promise<void>
}>

export type Orphan = Readonly<{ task: Task; request: TaskRequest }>

/**
 * Whose tasks a request can name: its principal's and client's, made at the same endpoint in the same generation of the
 * protocol (MCP-134).
 */
export const taskOwnerOf = ({ principal, profile, era }: Viewer & Pick<Asked, 'era'>): string =>
  JSON.stringify([ownerOf(principal), profile?.name ?? '', era])
