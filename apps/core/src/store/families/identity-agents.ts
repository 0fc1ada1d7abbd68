import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import { command, type Db } from '../operation.ts'
import { nextEpoch } from './identity-epoch.ts'

const workspaceId = z.string()
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const token = z.strictObject({
  id: z.string(),
  agentId: z.string(),
  resource: z.string(),
  hash: bytes,
  createdAtMs: z.int(),
  expiresAtMs: z.int(),
})
type NewToken = z.infer<typeof token>

/** Agents, their tokens, and groups. Each answers with the epoch that its change made. */
export const agentCommands = {
  'identity.createAgent': command(
    z.strictObject({
      workspaceId,
      id: z.string(),
      name: z.string(),
      ownership: z.enum(['user', 'workspace']),
      ownerId: z.string(),
      labels: z.array(z.string()),
      createdAtMs: z.int(),
    }),
    async (db, args) => {
      const epoch = await nextEpoch(db, args.workspaceId)
      await db
        .insertInto('agent')
        .values({
          workspace_id: args.workspaceId,
          id: args.id,
          name: args.name,
          ownership: args.ownership,
          owner_id: args.ownerId,
          labels: JSON.stringify(args.labels),
          status: 'active',
          created_at: args.createdAtMs,
          version: 1,
          epoch,
        })
        .execute()
    },
  ),

  'identity.changeAgent': command(
    z.strictObject({
      workspaceId,
      id: z.string(),
      status: z.enum(['active', 'suspended']).optional(),
      labels: z.array(z.string()).optional(),
    }),
    async (db, args) => {
      const epoch = await nextEpoch(db, args.workspaceId)
      const result = await db
        .updateTable('agent')
        .set((eb) => ({
          epoch,
          version: eb('version', '+', 1),
          ...(args.status && { status: args.status }),
          ...(args.labels && { labels: JSON.stringify(args.labels) }),
        }))
        .where('workspace_id', '=', args.workspaceId)
        .where('id', '=', args.id)
        .executeTakeFirst()
      if (result.numUpdatedRows !== 1n) throw new CoreError('not_found')
    },
  ),

  'identity.issueToken': command(z.strictObject({ workspaceId, token }), async (db, args) => {
    await insertToken(db, args.workspaceId, args.token)
  }),

  /** The new token and the end of the old one in one step; of two at once, one is a conflict. */
  'identity.rotateToken': command(
    z.strictObject({ workspaceId, oldId: z.string(), oldEndsAtMs: z.int(), token }),
    async (db, args) => {
      const epoch = await insertToken(db, args.workspaceId, args.token)
      const result = await db
        .updateTable('agent_token')
        .set({ revoked_at: args.oldEndsAtMs, epoch })
        .where('workspace_id', '=', args.workspaceId)
        .where('id', '=', args.oldId)
        .where('agent_id', '=', args.token.agentId)
        .where('revoked_at', 'is', null)
        .executeTakeFirst()
      if (result.numUpdatedRows !== 1n) throw new CoreError('conflict')
    },
  ),

  /** Ends a token now, even one that a rotation lets end later. Repeating it changes nothing. */
  'identity.revokeToken': command(
    z.strictObject({ workspaceId, agentId: z.string(), id: z.string(), atMs: z.int() }),
    async (db, args) => {
      const epoch = await nextEpoch(db, args.workspaceId)
      const found = await db
        .updateTable('agent_token')
        .set({ epoch })
        .where('workspace_id', '=', args.workspaceId)
        .where('id', '=', args.id)
        .where('agent_id', '=', args.agentId)
        .executeTakeFirst()
      if (found.numUpdatedRows !== 1n) throw new CoreError('not_found')
      await db
        .updateTable('agent_token')
        .set({ revoked_at: args.atMs })
        .where('workspace_id', '=', args.workspaceId)
        .where('id', '=', args.id)
        .where((eb) => eb.or([eb('revoked_at', 'is', null), eb('revoked_at', '>', args.atMs)]))
        .execute()
    },
  ),

  'identity.markTokensUsed': command(
    z.strictObject({
      workspaceId,
      used: z.array(z.strictObject({ id: z.string(), atMs: z.int() })).max(1000),
    }),
    async (db, { workspaceId: workspace, used }) => {
      for (const { id, atMs } of used) {
        await db
          .updateTable('agent_token')
          .set({ last_used_at: atMs })
          .where('workspace_id', '=', workspace)
          .where('id', '=', id)
          .execute()
      }
    },
  ),

  'identity.putGroup': command(
    z.strictObject({
      workspaceId,
      name: z.string(),
      members: z.array(z.string()),
      createdAtMs: z.int(),
    }),
    async (db, args) => {
      const epoch = await nextEpoch(db, args.workspaceId)
      await db
        .insertInto('user_group')
        .values({
          workspace_id: args.workspaceId,
          name: args.name,
          created_at: args.createdAtMs,
          epoch,
        })
        .onConflict((conflict) => conflict.columns(['workspace_id', 'name']).doUpdateSet({ epoch }))
        .execute()
      await db
        .deleteFrom('user_group_member')
        .where('workspace_id', '=', args.workspaceId)
        .where('group_name', '=', args.name)
        .execute()
      if (args.members.length === 0) return
      await db
        .insertInto('user_group_member')
        .values(
          args.members.map((userId) => ({
            workspace_id: args.workspaceId,
            group_name: args.name,
            user_id: userId,
          })),
        )
        .execute()
    },
  ),
} as const

async function insertToken(db: Db, workspace: string, made: NewToken): Promise<number> {
  const epoch = await nextEpoch(db, workspace)
  await db
    .insertInto('agent_token')
    .values({
      workspace_id: workspace,
      id: made.id,
      agent_id: made.agentId,
      resource: made.resource,
      hash: made.hash,
      created_at: made.createdAtMs,
      expires_at: made.expiresAtMs,
      revoked_at: null,
      last_used_at: null,
      epoch,
    })
    .execute()
  return epoch
}
