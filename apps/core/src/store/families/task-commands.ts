import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import { command, type Db } from '../operation.ts'
import { ownTask } from './tasks.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

const lease = { runner: z.string(), leaseMs: z.int() }

export const taskCommands = {
  /** @throws CoreError `calls_limited` when the owner has as many as may be kept */
  'task.open': command(
    ownTask.extend({
      ...lease,
      approvalId: z.string().optional(),
      agentId: z.string(),
      tokenId: z.string(),
      profile: z.string(),
      clientIp: z.string(),
      request: bytes,
      /** Kept this long after it was made, or after people may decide about it at the latest. */
      keepMs: z.int(),
      waitsUntilMs: z.int().optional(),
      perOwnerMax: z.int(),
    }),
    async (db, { perOwnerMax, ...task }, { nowMs }) => {
      const { count } = await db
        .selectFrom('task')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('workspace_id', '=', task.workspaceId)
        .where('owner', '=', task.owner)
        .executeTakeFirstOrThrow()
      if (count >= perOwnerMax) throw new CoreError('calls_limited')
      const expiresAtMs = Math.max(nowMs, task.waitsUntilMs ?? 0) + task.keepMs
      const row = {
        workspace_id: task.workspaceId,
        id: task.id,
        owner: task.owner,
        state: 'working',
        approval_id: task.approvalId ?? null,
        agent_id: task.agentId,
        token_id: task.tokenId,
        profile: task.profile,
        client_ip: task.clientIp,
        request: task.request,
        runner: task.runner,
        lease_until: nowMs + task.leaseMs,
        created_at: nowMs,
        updated_at: nowMs,
        expires_at: expiresAtMs,
      }
      await db.insertInto('task').values(row).execute()
      return { nowMs, expiresAtMs }
    },
  ),

  /** What it came to. False when it ended already, or another process goes on with it. */
  'task.end': command(
    z.strictObject({
      workspaceId: z.string(),
      id: z.string(),
      runner: z.string(),
      state: z.enum(['completed', 'failed']),
      /** Encrypted, in pieces that fit a row. */
      parts: z.array(bytes),
    }),
    async (db, { workspaceId, id, runner, state, parts }, { nowMs }): Promise<boolean> => {
      const { numUpdatedRows } = await working(db, workspaceId)
        .set({ state, updated_at: nowMs })
        .where('id', '=', id)
        .where('runner', '=', runner)
        .executeTakeFirst()
      if (numUpdatedRows !== 1n) return false
      for (const [part, blob] of parts.entries()) {
        await db
          .insertInto('task_outcome_part')
          .values({ workspace_id: workspaceId, task_id: id, part, blob })
          .execute()
      }
      return true
    },
  ),

  /** Its client does not want it any more. False when it ended already. */
  'task.cancel': command(ownTask, async (db, { workspaceId, owner, id }, { nowMs }) => {
    const { numUpdatedRows } = await working(db, workspaceId)
      .set({ state: 'cancelled', updated_at: nowMs })
      .where('id', '=', id)
      .where('owner', '=', owner)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }),

  /** The runner is there still. */
  'task.renew': command(z.strictObject(lease), async (db, { runner, leaseMs }, { nowMs }) => {
    for (const workspaceId of await workspacesOf(db)) {
      await working(db, workspaceId)
        .set({ lease_until: nowMs + leaseMs })
        .where('runner', '=', runner)
        .execute()
    }
  }),

  /** The runner goes on with nothing: any other may. */
  'task.release': command(z.strictObject({ runner: z.string() }), async (db, { runner }) => {
    for (const workspaceId of await workspacesOf(db)) {
      await working(db, workspaceId).set({ lease_until: 0 }).where('runner', '=', runner).execute()
    }
  }),

  /** Tasks that nobody goes on with, now the runner's, each with its request. */
  'task.take': command(
    z.strictObject({ ...lease, limit: z.int() }),
    async (db, { runner, leaseMs, limit }, { nowMs }) => {
      const taken = []
      for (const workspaceId of await workspacesOf(db)) {
        const orphans = await db
          .selectFrom('task')
          .selectAll()
          .where('workspace_id', '=', workspaceId)
          .where('state', '=', 'working')
          .where('lease_until', '<=', nowMs)
          .orderBy('lease_until')
          .limit(limit)
          .execute()
        for (const orphan of orphans) {
          const { numUpdatedRows } = await working(db, workspaceId)
            .set({ runner, lease_until: nowMs + leaseMs })
            .where('id', '=', orphan.id)
            .where('lease_until', '=', orphan.lease_until)
            .executeTakeFirst()
          if (numUpdatedRows === 1n) taken.push(orphan)
        }
      }
      return { taken, nowMs }
    },
  ),

  /** Deletes what was kept long enough. */
  'task.forget': command(z.strictObject({}), async (db, _args, { nowMs }) => {
    for (const workspaceId of await workspacesOf(db)) {
      const old = await db
        .selectFrom('task')
        .select('id')
        .where('workspace_id', '=', workspaceId)
        .where('expires_at', '<=', nowMs)
        .limit(FORGET_MAX)
        .execute()
      for (const { id } of old) await forget(db, workspaceId, id)
    }
  }),
} as const

const FORGET_MAX = 100

async function forget(db: Db, workspaceId: string, id: string): Promise<void> {
  await db
    .deleteFrom('task_outcome_part')
    .where('workspace_id', '=', workspaceId)
    .where('task_id', '=', id)
    .execute()
  await db.deleteFrom('task').where('workspace_id', '=', workspaceId).where('id', '=', id).execute()
}

const working = (db: Db, workspaceId: string) =>
  db.updateTable('task').where('workspace_id', '=', workspaceId).where('state', '=', 'working')

async function workspacesOf(db: Db): Promise<readonly string[]> {
  const workspaces = await db.selectFrom('workspace').select('id').orderBy('id').execute()
  return workspaces.map(({ id }) => id)
}
