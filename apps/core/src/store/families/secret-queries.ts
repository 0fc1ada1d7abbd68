import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import { query, type Db } from '../operation.ts'

const inWorkspace = z.strictObject({ workspaceId: z.string() })
const READS_MAX = 5

export const secretQueries = {
  'secret.epoch': query(inWorkspace, async (db, { workspaceId }) => {
    const row = await db
      .selectFrom('secret_epoch')
      .select('epoch')
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst()
    return row?.epoch ?? 0
  }),

  /** One secret with all that belongs to it, as of one revision. */
  'secret.get': query(
    z.strictObject({ workspaceId: z.string(), secretId: z.string() }),
    async (db, { workspaceId, secretId }) => {
      const [found] = await readWhole(db, workspaceId, () => Promise.resolve([secretId]))
      return found
    },
  ),

  /** Every secret with a binding to a server, each as of one revision. */
  'secret.forServer': query(
    z.strictObject({ workspaceId: z.string(), serverId: z.string() }),
    (db, { workspaceId, serverId }) =>
      readWhole(db, workspaceId, async () => {
        const rows = await db
          .selectFrom('secret_binding')
          .select('secret_id')
          .distinct()
          .where('workspace_id', '=', workspaceId)
          .where('server_id', '=', serverId)
          .execute()
        return rows.map((row) => row.secret_id)
      }),
  ),

  /** What people may see of the secrets of a workspace: no blobs (VLT-32). */
  'secret.list': query(inWorkspace, async (db, { workspaceId }) => {
    const secrets = await db
      .selectFrom('secret')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('state', '<>', 'destroyed')
      .orderBy('name')
      .execute()
    const bindings = await db
      .selectFrom('secret_binding')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .orderBy('id')
      .execute()
    return { secrets, bindings }
  }),
} as const

/**
 * Rows of one secret are changed together but read by several statements. When its revision moved in between they
 * do not fit each other, and are read again.
 */
async function readWhole(db: Db, workspaceId: string, idsOf: () => Promise<readonly string[]>) {
  for (let read = 0; read < READS_MAX; read++) {
    const ids = await idsOf()
    if (ids.length === 0) return []
    const before = await readSecrets(db, workspaceId, ids)
    const parts = await readParts(db, workspaceId, ids)
    const after = await readSecrets(db, workspaceId, ids)
    if (revisionsOf(before) === revisionsOf(after)) {
      return after.map((secret) => ({
        secret,
        versions: parts.versions.filter((version) => version.secret_id === secret.id),
        bindings: parts.bindings.filter((binding) => binding.secret_id === secret.id),
      }))
    }
  }
  throw new CoreError('conflict')
}

const revisionsOf = (secrets: Awaited<ReturnType<typeof readSecrets>>): string =>
  secrets.map((secret) => `${secret.id}:${secret.revision}`).join()

const readSecrets = (db: Db, workspaceId: string, ids: readonly string[]) =>
  db
    .selectFrom('secret')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', ids)
    .orderBy('id')
    .execute()

async function readParts(db: Db, workspaceId: string, ids: readonly string[]) {
  const versions = await db
    .selectFrom('secret_version')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('secret_id', 'in', ids)
    .orderBy('version')
    .execute()
  const bindings = await db
    .selectFrom('secret_binding')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('secret_id', 'in', ids)
    .orderBy('id')
    .execute()
  return { versions, bindings }
}
