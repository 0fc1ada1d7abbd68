import { z } from 'zod'

import type { ColumnClasses } from '../column.ts'
import { query, type Db } from '../operation.ts'

export type TaskTables = {
  task: {
    workspace_id: string
    /** What its client calls it: drawn at random, so that it cannot be guessed. */
    id: string
    /** Who made it and where; every statement of a client names it beside the id. */
    owner: string
    state: string
    approval_id: string | null
    agent_id: string
    token_id: string
    profile: string
    client_ip: string
    request: Uint8Array
    /** The process that goes on with it, as long as its lease lasts. */
    runner: string
    lease_until: number
    created_at: number
    updated_at: number
    expires_at: number
  }
  task_outcome_part: {
    workspace_id: string
    task_id: string
    part: number
    blob: Uint8Array
  }
}

export const taskColumns: ColumnClasses<TaskTables> = {
  task: {
    workspace_id: 'plain',
    id: 'plain',
    owner: 'plain',
    state: 'plain',
    approval_id: 'plain',
    agent_id: 'plain',
    token_id: 'plain',
    profile: 'plain',
    client_ip: 'personal',
    request: 'sensitive',
    runner: 'plain',
    lease_until: 'plain',
    created_at: 'plain',
    updated_at: 'plain',
    expires_at: 'plain',
  },
  task_outcome_part: {
    workspace_id: 'plain',
    task_id: 'plain',
    part: 'plain',
    blob: 'sensitive',
  },
}

export const ownTask = z.strictObject({
  workspaceId: z.string(),
  owner: z.string(),
  id: z.string(),
})

const STANDING = [
  'id',
  'owner',
  'state',
  'approval_id',
  'created_at',
  'updated_at',
  'expires_at',
] as const

export const taskQueries = {
  /** Nothing for a task of somebody else, and for one whose time is over. */
  'task.one': query(ownTask, async (db, { workspaceId, owner, id }, { nowMs }) => {
    const task = await db
      .selectFrom('task')
      .select(STANDING)
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .where('owner', '=', owner)
      .where('expires_at', '>', nowMs)
      .executeTakeFirst()
    return task && { task, parts: await outcomeOf(db, workspaceId, id), nowMs }
  }),

  /** One owner's, newest first, without what came of them. */
  'task.ofOwner': query(
    z.strictObject({
      workspaceId: z.string(),
      owner: z.string(),
      before: z.strictObject({ createdAt: z.int(), id: z.string() }).optional(),
      limit: z.int(),
    }),
    async (db, { workspaceId, owner, before, limit }, { nowMs }) => {
      const own = db
        .selectFrom('task')
        .select(STANDING)
        .where('workspace_id', '=', workspaceId)
        .where('owner', '=', owner)
        .where('expires_at', '>', nowMs)
      const page = before
        ? own.where((eb) =>
            eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(before.createdAt, before.id)),
          )
        : own
      const tasks = await page
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return { tasks, nowMs }
    },
  ),
} as const

async function outcomeOf(db: Db, workspaceId: string, id: string): Promise<readonly Uint8Array[]> {
  const parts = await db
    .selectFrom('task_outcome_part')
    .select('blob')
    .where('workspace_id', '=', workspaceId)
    .where('task_id', '=', id)
    .orderBy('part')
    .execute()
  return parts.map(({ blob }) => blob)
}
