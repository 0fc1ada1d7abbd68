import { z } from 'zod'

import type { ColumnClasses } from '../column.ts'
import { command, query } from '../operation.ts'

/**
 * The key hierarchy, every key wrapped by the one above it. `vault_root` and `sealer_wrap` are tables of the
 * deployment. Nothing here is readable without a sealer.
 */
export type VaultKeyTables = {
  vault_root: {
    slot: number
    root_id: string
    deployment_id: string
    check_value: Uint8Array
    created_at: number
  }
  sealer_wrap: {
    root_id: string
    sealer_id: string
    sealer_kind: string
    blob: Uint8Array
    created_at: number
  }
  kek: {
    workspace_id: string
    id: string
    state: string
    root_id: string
    check_value: Uint8Array
    blob: Uint8Array
    /** Keys it has wrapped, against its limit (VLT-11). */
    wraps: number
    created_at: number
  }
  /** `workspace_id` is `deployment` for keys that no workspace owns. */
  system_key: {
    workspace_id: string
    name: string
    root_id: string
    check_value: Uint8Array
    blob: Uint8Array
    created_at: number
  }
}

export const vaultKeyColumns: ColumnClasses<VaultKeyTables> = {
  vault_root: {
    slot: 'plain',
    root_id: 'plain',
    deployment_id: 'plain',
    check_value: 'secret',
    created_at: 'plain',
  },
  sealer_wrap: {
    root_id: 'plain',
    sealer_id: 'plain',
    sealer_kind: 'plain',
    blob: 'secret',
    created_at: 'plain',
  },
  kek: {
    workspace_id: 'plain',
    id: 'plain',
    state: 'plain',
    root_id: 'plain',
    check_value: 'secret',
    blob: 'secret',
    wraps: 'plain',
    created_at: 'plain',
  },
  system_key: {
    workspace_id: 'plain',
    name: 'plain',
    root_id: 'plain',
    check_value: 'secret',
    blob: 'secret',
    created_at: 'plain',
  },
}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const wrappedKey = { rootId: z.string(), checkValue: bytes, blob: bytes }
const ROOT_SLOT = 1

export const vaultKeyQueries = {
  /** The root key's row with its wraps; undefined before the first unseal. */
  'vault.root': query(z.strictObject({}), async (db) => {
    const root = await db.selectFrom('vault_root').selectAll().executeTakeFirst()
    if (!root) return undefined
    const wraps = await db
      .selectFrom('sealer_wrap')
      .selectAll()
      .where('root_id', '=', root.root_id)
      .orderBy('sealer_id')
      .execute()
    return { ...root, wraps }
  }),

  'vault.keks': query(z.strictObject({ workspaceId: z.string() }), (db, { workspaceId }) =>
    db
      .selectFrom('kek')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .orderBy('id')
      .execute(),
  ),

  'vault.systemKey': query(
    z.strictObject({ workspaceId: z.string(), name: z.string() }),
    (db, { workspaceId, name }) =>
      db
        .selectFrom('system_key')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .where('name', '=', name)
        .executeTakeFirst(),
  ),
} as const

/** Each adds a key unless it is there already; the caller reads back which one won. */
export const vaultKeyCommands = {
  'vault.addRoot': command(
    z.strictObject({
      ...wrappedKey,
      deploymentId: z.string(),
      sealerId: z.string(),
      sealerKind: z.string(),
    }),
    async (db, args, { nowMs }) => {
      const added = await db
        .insertInto('vault_root')
        .values({
          slot: ROOT_SLOT,
          root_id: args.rootId,
          deployment_id: args.deploymentId,
          check_value: args.checkValue,
          created_at: nowMs,
        })
        .onConflict((on) => on.doNothing())
        .executeTakeFirst()
      if (added.numInsertedOrUpdatedRows !== 1n) return
      await db
        .insertInto('sealer_wrap')
        .values({
          root_id: args.rootId,
          sealer_id: args.sealerId,
          sealer_kind: args.sealerKind,
          blob: args.blob,
          created_at: nowMs,
        })
        .execute()
    },
  ),

  'vault.addKek': command(
    z.strictObject({ ...wrappedKey, workspaceId: z.string(), id: z.string() }),
    async (db, args, { nowMs }) => {
      await db
        .insertInto('kek')
        .values({
          workspace_id: args.workspaceId,
          id: args.id,
          state: 'active',
          root_id: args.rootId,
          check_value: args.checkValue,
          blob: args.blob,
          wraps: 0,
          created_at: nowMs,
        })
        .onConflict((on) => on.doNothing())
        .execute()
    },
  ),

  'vault.addSystemKey': command(
    z.strictObject({ ...wrappedKey, workspaceId: z.string(), name: z.string() }),
    async (db, args, { nowMs }) => {
      await db
        .insertInto('system_key')
        .values({
          workspace_id: args.workspaceId,
          name: args.name,
          root_id: args.rootId,
          check_value: args.checkValue,
          blob: args.blob,
          created_at: nowMs,
        })
        .onConflict((on) => on.doNothing())
        .execute()
    },
  ),
} as const
