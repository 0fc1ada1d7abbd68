import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import { command, type Db } from '../operation.ts'
import { nextEpoch } from './identity-epoch.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const session = z.strictObject({
  id: z.string(),
  userId: z.string(),
  hash: bytes,
  createdAtMs: z.int(),
  endsAtMs: z.int(),
})
type NewSession = z.infer<typeof session>

const linkKey = z.strictObject({ workspaceId: z.string(), id: z.string() })
const setupKey = 1

/** Wrong secrets that a link survives (IDN-63). */
const LINK_FAILURES_MAX = 5

/** Set-up, one-time links and sessions of people. */
export const peopleCommands = {
  /** A new link ends the earlier ones of its kind and person. */
  'identity.createLink': command(
    z.strictObject({
      workspaceId: z.string(),
      id: z.string(),
      kind: z.enum(['setup', 'sign_in']),
      userId: z.string().optional(),
      hash: bytes,
      createdAtMs: z.int(),
      expiresAtMs: z.int(),
    }),
    async (db, args) => {
      let earlier = db
        .updateTable('one_time_link')
        .set({ used_at: args.createdAtMs })
        .where('workspace_id', '=', args.workspaceId)
        .where('kind', '=', args.kind)
        .where('used_at', 'is', null)
      if (args.userId !== undefined) earlier = earlier.where('user_id', '=', args.userId)
      await earlier.execute()
      await db
        .insertInto('one_time_link')
        .values({
          workspace_id: args.workspaceId,
          id: args.id,
          kind: args.kind,
          user_id: args.userId ?? null,
          hash: args.hash,
          created_at: args.createdAtMs,
          expires_at: args.expiresAtMs,
          failures: 0,
          used_at: null,
        })
        .execute()
    },
  ),

  /** Counts a wrong secret against a link. */
  'identity.failLink': command(linkKey, async (db, { workspaceId, id }) => {
    await db
      .updateTable('one_time_link')
      .set((eb) => ({ failures: eb('failures', '+', 1) }))
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .execute()
  }),

  /** Uses a sign-in link up and begins the session, or neither. */
  'identity.signIn': command(
    z.strictObject({ link: linkKey, atMs: z.int(), session }),
    async (db, args) => {
      await useLink(db, args.link, args.atMs)
      await insertSession(db, args.link.workspaceId, args.session)
    },
  ),

  /**
   * Makes the workspace, its owner and the owner's session. The row in `setup_owner` can be inserted once, so of two
   * at the same time one fails whole (IDN-64).
   */
  'identity.completeSetup': command(
    z.strictObject({
      link: linkKey,
      atMs: z.int(),
      workspace: z.strictObject({ id: z.string(), name: z.string() }),
      user: z.strictObject({ id: z.string(), email: z.string(), name: z.string() }),
      session,
    }),
    async (db, { link, atMs, workspace, user, session: begun }) => {
      await claimSetup(db, { workspaceId: workspace.id, userId: user.id, atMs })
      await useLink(db, link, atMs)
      await db
        .insertInto('workspace')
        .values({ id: workspace.id, name: workspace.name, revision: 0, created_at: atMs })
        .execute()
      await db
        .insertInto('user_account')
        .values({
          id: user.id,
          email: user.email,
          email_key: user.email.toLowerCase(),
          name: user.name,
          created_at: atMs,
        })
        .execute()
      await db
        .insertInto('membership')
        .values({
          workspace_id: workspace.id,
          user_id: user.id,
          role: 'owner',
          status: 'active',
          joined_at: atMs,
          epoch: await nextEpoch(db, workspace.id),
        })
        .execute()
      await insertSession(db, workspace.id, begun)
    },
  ),

  'identity.endSession': command(
    z.strictObject({ workspaceId: z.string(), id: z.string(), atMs: z.int() }),
    async (db, { workspaceId, id, atMs }) => {
      await db
        .updateTable('session')
        .set({ ended_at: atMs })
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .execute()
    },
  ),

  'identity.touchSession': command(
    z.strictObject({ workspaceId: z.string(), id: z.string(), atMs: z.int() }),
    async (db, { workspaceId, id, atMs }) => {
      await db
        .updateTable('session')
        .set({ seen_at: atMs })
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .where('seen_at', '<', atMs)
        .execute()
    },
  ),
} as const

async function claimSetup(
  db: Db,
  owner: Readonly<{ workspaceId: string; userId: string; atMs: number }>,
): Promise<void> {
  const result = await db
    .insertInto('setup_owner')
    .values({
      one: setupKey,
      workspace_id: owner.workspaceId,
      user_id: owner.userId,
      completed_at: owner.atMs,
    })
    .onConflict((conflict) => conflict.column('one').doNothing())
    .executeTakeFirst()
  if (result.numInsertedOrUpdatedRows !== 1n) throw new CoreError('setup_done')
}

async function useLink(
  db: Db,
  { workspaceId, id }: z.infer<typeof linkKey>,
  atMs: number,
): Promise<void> {
  const result = await db
    .updateTable('one_time_link')
    .set({ used_at: atMs })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', atMs)
    .where('failures', '<', LINK_FAILURES_MAX)
    .executeTakeFirst()
  if (result.numUpdatedRows !== 1n) throw new CoreError('link_invalid')
}

async function insertSession(db: Db, workspaceId: string, begun: NewSession): Promise<void> {
  await db
    .insertInto('session')
    .values({
      workspace_id: workspaceId,
      id: begun.id,
      user_id: begun.userId,
      hash: begun.hash,
      created_at: begun.createdAtMs,
      seen_at: begun.createdAtMs,
      ends_at: begun.endsAtMs,
      ended_at: null,
    })
    .execute()
}
