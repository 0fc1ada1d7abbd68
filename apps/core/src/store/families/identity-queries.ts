import { z } from 'zod'

import { query } from '../operation.ts'

const byId = z.strictObject({ workspaceId: z.string(), id: z.string() })
const Labels = z.array(z.string())

export const identityQueries = {
  /** The first owner, or nothing before set-up. */
  'identity.owner': query(z.strictObject({}), (db) =>
    db.selectFrom('setup_owner').select(['workspace_id', 'user_id']).executeTakeFirst(),
  ),

  /** How far each workspace's counter of changes is. */
  'identity.epochs': query(z.strictObject({}), async (db) => {
    const workspaces = await db.selectFrom('workspace').select('id').orderBy('id').execute()
    const epochs = []
    for (const { id } of workspaces) {
      const row = await db
        .selectFrom('identity_epoch')
        .select('epoch')
        .where('workspace_id', '=', id)
        .executeTakeFirst()
      epochs.push({ workspaceId: id, epoch: row?.epoch ?? 0 })
    }
    return epochs
  }),

  /**
   * Everything that changed after an epoch. It may hold rows of changes newer than the epoch it names, since each
   * statement reads for itself; those come once more with the next answer.
   */
  'identity.changes': query(
    z.strictObject({ workspaceId: z.string(), since: z.int() }),
    async (db, { workspaceId, since }) => {
      const state = await db
        .selectFrom('identity_epoch')
        .select('epoch')
        .where('workspace_id', '=', workspaceId)
        .executeTakeFirst()
      const users = await db
        .selectFrom('membership')
        .innerJoin('user_account', 'user_account.id', 'membership.user_id')
        .select(['user_account.id', 'email', 'name', 'role', 'status'])
        .where('membership.workspace_id', '=', workspaceId)
        .where('membership.epoch', '>', since)
        .execute()
      const groups = await db
        .selectFrom('user_group')
        .leftJoin('user_group_member as member', (join) =>
          join
            .onRef('member.workspace_id', '=', 'user_group.workspace_id')
            .onRef('member.group_name', '=', 'user_group.name'),
        )
        .select(['user_group.name', 'member.user_id'])
        .where('user_group.workspace_id', '=', workspaceId)
        .where('user_group.epoch', '>', since)
        .orderBy('user_group.name')
        .orderBy('member.user_id')
        .execute()
      const agents = await db
        .selectFrom('agent')
        .select(['id', 'name', 'ownership', 'owner_id', 'labels', 'status', 'created_at'])
        .where('workspace_id', '=', workspaceId)
        .where('epoch', '>', since)
        .execute()
      const tokens = await db
        .selectFrom('agent_token')
        .select(['id', 'agent_id', 'resource', 'hash', 'created_at'])
        .select(['expires_at', 'revoked_at', 'last_used_at'])
        .where('workspace_id', '=', workspaceId)
        .where('epoch', '>', since)
        .execute()
      return {
        epoch: state?.epoch ?? 0,
        users,
        groups,
        agents: agents.map((row) => ({ ...row, labels: Labels.parse(JSON.parse(row.labels)) })),
        tokens,
      }
    },
  ),

  'identity.link': query(byId, (db, { workspaceId, id }) =>
    db
      .selectFrom('one_time_link')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .executeTakeFirst(),
  ),

  'identity.session': query(byId, (db, { workspaceId, id }) =>
    db
      .selectFrom('session')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .executeTakeFirst(),
  ),
} as const
