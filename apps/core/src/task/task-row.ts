import { z } from 'zod'

import { taskStates, type Task, type TaskState } from '../model/task.ts'

type Row = Readonly<{
  id: string
  owner: string
  state: string
  approval_id: string | null
  created_at: number
  updated_at: number
  expires_at: number
}>

const State: z.ZodType<TaskState> = z.enum(taskStates)

export const toTask = (workspaceId: string, row: Row, nowMs: number): Task => ({
  workspaceId,
  owner: row.owner,
  id: row.id,
  state: State.parse(row.state),
  ...(row.approval_id !== null && { approvalId: row.approval_id }),
  createdAtMs: row.created_at,
  changedAtMs: row.updated_at,
  expiresAtMs: row.expires_at,
  nowMs,
})
