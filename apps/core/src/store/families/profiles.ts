import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import type { ColumnClasses } from '../column.ts'
import { command, query, type Db } from '../operation.ts'

export type ProfileTables = {
  profile: {
    workspace_id: string
    /** Never given to another profile, removed ones included: clients and tokens know one by it. */
    name: string
    state: 'active' | 'removed'
    /** JSON: what an administrator chose. */
    body: string
    revision: number
    created_at: number
  }
}

export const profileColumns: ColumnClasses<ProfileTables> = {
  profile: {
    workspace_id: 'plain',
    name: 'plain',
    state: 'plain',
    body: 'plain',
    revision: 'plain',
    created_at: 'plain',
  },
}

const oneProfile = { workspaceId: z.string(), name: z.string() }

export const profileQueries = {
  /** Every profile of every workspace that is not removed. */
  'profile.actives': query(z.strictObject({}), async (db) => {
    const workspaces = await db.selectFrom('workspace').select('id').orderBy('id').execute()
    const actives = []
    for (const { id } of workspaces) actives.push(...(await activesOf(db, id)))
    return actives
  }),
} as const

const activesOf = (db: Db, workspaceId: string) =>
  db
    .selectFrom('profile')
    .select(['workspace_id', 'name', 'body', 'revision'])
    .where('workspace_id', '=', workspaceId)
    .where('state', '=', 'active')
    .orderBy('name')
    .execute()

export const profileCommands = {
  /** @throws CoreError `already_exists` when the name was ever used */
  'profile.create': command(
    z.strictObject({ ...oneProfile, body: z.string() }),
    async (db, { workspaceId, name, body }, { nowMs }) => {
      const added = await db
        .insertInto('profile')
        .values({
          workspace_id: workspaceId,
          name,
          state: 'active',
          body,
          revision: 1,
          created_at: nowMs,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('name')
        .executeTakeFirst()
      if (!added) throw new CoreError('already_exists', { what: 'name', name })
    },
  ),

  /** @throws CoreError `conflict` when another change came first */
  'profile.change': command(
    z.strictObject({ ...oneProfile, revision: z.int(), body: z.string() }),
    async (db, { workspaceId, name, revision, body }) => {
      const changed = await db
        .updateTable('profile')
        .set({ body, revision: revision + 1 })
        .where('workspace_id', '=', workspaceId)
        .where('name', '=', name)
        .where('revision', '=', revision)
        .where('state', '=', 'active')
        .returning('name')
        .executeTakeFirst()
      if (!changed) throw new CoreError('conflict')
    },
  ),

  /** @throws CoreError `conflict` when another change came first */
  'profile.remove': command(
    z.strictObject({ ...oneProfile, revision: z.int() }),
    async (db, { workspaceId, name, revision }) => {
      const removed = await db
        .updateTable('profile')
        .set({ state: 'removed', revision: revision + 1 })
        .where('workspace_id', '=', workspaceId)
        .where('name', '=', name)
        .where('revision', '=', revision)
        .where('state', '=', 'active')
        .returning('name')
        .executeTakeFirst()
      if (!removed) throw new CoreError('conflict')
    },
  ),
} as const
