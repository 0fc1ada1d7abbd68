import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import { command, type Db } from '../operation.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** A key wraps no more than this, whoever forgot to rotate it (VLT-11). */
const WRAPS_MAX = 2 ** 31

const versionRow = z.strictObject({
  version: z.int(),
  state: z.string(),
  dek_id: z.string(),
  kek_id: z.string(),
  wrapped_dek: bytes,
  blob: bytes,
  created_by: z.string(),
  created_at: z.int(),
  not_after: z.int().nullable(),
})

const bindingRow = z.strictObject({
  id: z.string(),
  server_id: z.string(),
  server_digest: z.string(),
  target: z.string(),
  name: z.string(),
  prefix: z.string(),
  hosts: z.string(),
  tools: z.string(),
  created_by: z.string(),
  created_at: z.int(),
})

/** What a change leaves behind: the versions it touched, and all bindings. `wraps` counts keys newly wrapped. */
const parts = {
  workspaceId: z.string(),
  secretId: z.string(),
  versions: z.array(versionRow),
  bindings: z.array(bindingRow),
  kekId: z.string(),
  wraps: z.int(),
}

type Parts = Readonly<z.infer<z.ZodObject<typeof parts>>>

export const secretCommands = {
  /** @throws CoreError `already_exists` */
  'secret.create': command(
    z.strictObject({
      ...parts,
      name: z.string(),
      kind: z.string(),
      ownerKind: z.string(),
      ownerId: z.string(),
      createdBy: z.string(),
      expiresAt: z.int().nullable(),
      currentVersion: z.int(),
    }),
    async (db, args, { nowMs }) => {
      const added = await db
        .insertInto('secret')
        .values({
          workspace_id: args.workspaceId,
          id: args.secretId,
          name: args.name,
          kind: args.kind,
          owner_kind: args.ownerKind,
          owner_id: args.ownerId,
          state: 'active',
          current_version: args.currentVersion,
          expires_at: args.expiresAt,
          created_by: args.createdBy,
          created_at: nowMs,
          last_used_at: null,
          last_used_server_id: null,
          revision: 1,
        })
        .onConflict((on) => on.doNothing())
        .executeTakeFirst()
      if (added.numInsertedOrUpdatedRows !== 1n) {
        throw new CoreError('already_exists', { what: 'name', name: args.name })
      }
      await saveParts(db, args)
    },
  ),

  /** The one way a secret changes: all of it at once, on the revision that was read. @throws CoreError `conflict` */
  'secret.save': command(
    z.strictObject({
      ...parts,
      fromRevision: z.int(),
      state: z.string(),
      currentVersion: z.int().nullable(),
      expiresAt: z.int().nullable(),
    }),
    async (db, args) => {
      const changed = await db
        .updateTable('secret')
        .set({
          state: args.state,
          current_version: args.currentVersion,
          expires_at: args.expiresAt,
          revision: args.fromRevision + 1,
        })
        .where('workspace_id', '=', args.workspaceId)
        .where('id', '=', args.secretId)
        .where('revision', '=', args.fromRevision)
        .executeTakeFirst()
      if (changed.numUpdatedRows !== 1n) throw new CoreError('conflict')
      await saveParts(db, args)
    },
  ),

  'secret.markUsed': command(
    z.strictObject({ workspaceId: z.string(), secretId: z.string(), serverId: z.string() }),
    async (db, { workspaceId, secretId, serverId }, { nowMs }) => {
      await db
        .updateTable('secret')
        .set({ last_used_at: nowMs, last_used_server_id: serverId })
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', secretId)
        .execute()
    },
  ),
} as const

async function saveParts(db: Db, args: Parts): Promise<void> {
  await saveVersions(db, args)
  await saveBindings(db, args)
  await countWraps(db, args)
  await db
    .insertInto('secret_epoch')
    .values({ workspace_id: args.workspaceId, epoch: 1 })
    .onConflict((on) =>
      on
        .column('workspace_id')
        .doUpdateSet((row) => ({ epoch: row('secret_epoch.epoch', '+', 1) })),
    )
    .execute()
}

async function saveVersions(db: Db, { workspaceId, secretId, versions }: Parts): Promise<void> {
  for (const version of versions) {
    await db
      .insertInto('secret_version')
      .values({ workspace_id: workspaceId, secret_id: secretId, ...version })
      .onConflict((on) =>
        on.columns(['workspace_id', 'secret_id', 'version']).doUpdateSet({
          state: version.state,
          kek_id: version.kek_id,
          wrapped_dek: version.wrapped_dek,
          blob: version.blob,
          not_after: version.not_after,
        }),
      )
      .execute()
  }
}

async function saveBindings(db: Db, { workspaceId, secretId, bindings }: Parts): Promise<void> {
  await db
    .deleteFrom('secret_binding')
    .where('workspace_id', '=', workspaceId)
    .where('secret_id', '=', secretId)
    .execute()
  if (bindings.length === 0) return
  await db
    .insertInto('secret_binding')
    .values(
      bindings.map((binding) => ({ workspace_id: workspaceId, secret_id: secretId, ...binding })),
    )
    .execute()
}

async function countWraps(db: Db, { workspaceId, kekId, wraps }: Parts): Promise<void> {
  if (wraps === 0) return
  const counted = await db
    .updateTable('kek')
    .set((row) => ({ wraps: row('wraps', '+', wraps) }))
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', kekId)
    .where('state', '=', 'active')
    .where('wraps', '<', WRAPS_MAX)
    .executeTakeFirst()
  if (counted.numUpdatedRows !== 1n) throw new CoreError('conflict')
}
