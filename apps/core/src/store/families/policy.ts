import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import type { ColumnClasses } from '../column.ts'
import { command, query, type Db } from '../operation.ts'

export type PolicyTables = {
  /** Written once; nothing updates or deletes it. */
  policy_version: {
    workspace_id: string
    version: number
    /** SHA-256 of the source, hex. */
    digest: string
    base: number
    author: string
    reason: string
    published_at: number
    source: string
    /** JSON: what the checks said when it was published. */
    report: string
  }
  policy_active: { workspace_id: string; version: number }
}

export const policyColumns: ColumnClasses<PolicyTables> = {
  policy_version: {
    workspace_id: 'plain',
    version: 'plain',
    digest: 'plain',
    base: 'plain',
    author: 'personal',
    reason: 'plain',
    published_at: 'plain',
    source: 'plain',
    report: 'plain',
  },
  policy_active: { workspace_id: 'plain', version: 'plain' },
}

/** The longest page, and one row more, which says whether there is another page. */
const ROWS_MAX = 201
const inWorkspace = { workspaceId: z.string() }

export const policyQueries = {
  /** The active version of every workspace; 0 where nothing was published. */
  'policy.actives': query(z.strictObject({}), async (db) => {
    const workspaces = await db.selectFrom('workspace').select('id').orderBy('id').execute()
    const actives = []
    for (const { id } of workspaces) {
      actives.push({ workspaceId: id, version: await activeVersion(db, id) })
    }
    return actives
  }),

  'policy.active': query(z.strictObject(inWorkspace), (db, { workspaceId }) =>
    activeVersion(db, workspaceId),
  ),

  'policy.version': query(
    z.strictObject({ ...inWorkspace, version: z.int() }),
    (db, { workspaceId, version }) =>
      db
        .selectFrom('policy_version')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .where('version', '=', version)
        .executeTakeFirst(),
  ),

  /** Newest first, without their text. */
  'policy.versions': query(
    z.strictObject({
      ...inWorkspace,
      /** Versions older than this one. */
      before: z.int().optional(),
      limit: z.int().min(1).max(ROWS_MAX),
    }),
    (db, { workspaceId, before, limit }) =>
      db
        .selectFrom('policy_version')
        .select(['version', 'digest', 'base', 'author', 'reason', 'published_at'])
        .where('workspace_id', '=', workspaceId)
        .$if(before !== undefined, (found) => found.where('version', '<', before ?? 0))
        .orderBy('version', 'desc')
        .limit(limit)
        .execute(),
  ),
} as const

export const policyCommands = {
  /**
   * Writes the version after `base` and makes it active, if `base` still is.
   *
   * @throws CoreError `base_moved`
   */
  'policy.publish': command(
    z.strictObject({
      ...inWorkspace,
      base: z.int().min(0),
      digest: z.string(),
      author: z.string(),
      reason: z.string(),
      source: z.string(),
      report: z.string(),
    }),
    async (db, { workspaceId, base, ...content }, { nowMs }) => {
      const version = base + 1
      if (!(await moveActive(db, workspaceId, base))) {
        throw new CoreError('base_moved', { active: await activeVersion(db, workspaceId) })
      }
      await db
        .insertInto('policy_version')
        .values({ workspace_id: workspaceId, version, base, published_at: nowMs, ...content })
        .execute()
      return { version, publishedAtMs: nowMs }
    },
  ),
} as const

/** Compare-and-set of the pointer. The first version creates it. */
async function moveActive(db: Db, workspaceId: string, base: number): Promise<boolean> {
  const version = base + 1
  if (base === 0) {
    const created = await db
      .insertInto('policy_active')
      .values({ workspace_id: workspaceId, version })
      .onConflict((conflict) => conflict.doNothing())
      .returning('version')
      .executeTakeFirst()
    return created !== undefined
  }
  const moved = await db
    .updateTable('policy_active')
    .set({ version })
    .where('workspace_id', '=', workspaceId)
    .where('version', '=', base)
    .returning('version')
    .executeTakeFirst()
  return moved !== undefined
}

async function activeVersion(db: Db, workspaceId: string): Promise<number> {
  const row = await db
    .selectFrom('policy_active')
    .select('version')
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return row?.version ?? 0
}
