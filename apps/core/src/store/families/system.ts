import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import type { ColumnClasses } from '../column.ts'
import { command, query, type Db, type OperationContext } from '../operation.ts'

/** What a deployment has before any stage does. `workspace` itself belongs to identity. */
export type SystemTables = {
  schema_migration: {
    version: number
    name: string
    checksum: string
    min_reader: number
    applied_at: number
    app_version: string
  }
  instance: { id: string; version: string; started_at: number; seen_at: number }
  lease: { name: string; owner: string; token: number; expires_at: number }
  request: {
    workspace_id: string
    request_id: string
    digest: string
    result: string
    created_at: number
  }
}

export const systemColumns: ColumnClasses<SystemTables> = {
  schema_migration: {
    version: 'plain',
    name: 'plain',
    checksum: 'plain',
    min_reader: 'plain',
    applied_at: 'plain',
    app_version: 'plain',
  },
  instance: { id: 'plain', version: 'plain', started_at: 'plain', seen_at: 'plain' },
  lease: { name: 'plain', owner: 'plain', token: 'plain', expires_at: 'plain' },
  request: {
    workspace_id: 'plain',
    request_id: 'plain',
    digest: 'plain',
    result: 'personal',
    created_at: 'plain',
  },
}

/** A right that one owner at a time has. `token` grows with every new owner and fences the effects of old ones. */
export type Lease = Readonly<{ name: string; owner: string; token: number; expiresAtMs: number }>

const LEASE_MS_MAX = 60_000
const leaseArgs = z.strictObject({
  name: z.string(),
  owner: z.string(),
  ttlMs: z.int().min(1).max(LEASE_MS_MAX),
})
const heldArgs = z.strictObject({ name: z.string(), owner: z.string(), token: z.int() })
const REQUEST_KEPT_MS = 24 * 60 * 60 * 1000

export const systemQueries = {
  'lease.get': query(z.strictObject({ name: z.string() }), async (db, { name }) => {
    const row = await db.selectFrom('lease').selectAll().where('name', '=', name).executeTakeFirst()
    return row && toLease(row)
  }),

  /** Whoever was seen lately; the others are dead and their leases expire (STO-44). */
  'instance.list': query(z.strictObject({}), (db) =>
    db.selectFrom('instance').selectAll().orderBy('id').execute(),
  ),
} as const

export const systemCommands = {
  /** The lease, or nothing while another owner has it. An owner that has it gets it again with a new token. */
  'lease.acquire': command(leaseArgs, acquireLease),

  /** @throws CoreError `lease_lost` when it expired or another owner has it */
  'lease.renew': command(
    heldArgs.extend({ ttlMs: leaseArgs.shape.ttlMs }),
    async (db, { name, owner, token, ttlMs }, { nowMs }) => {
      const renewed = await db
        .updateTable('lease')
        .set({ expires_at: nowMs + ttlMs })
        .where('name', '=', name)
        .where('owner', '=', owner)
        .where('token', '=', token)
        .where('expires_at', '>', nowMs)
        .returningAll()
        .executeTakeFirst()
      if (!renewed) throw new CoreError('lease_lost', { lease: name })
      return toLease(renewed)
    },
  ),

  /** Lets the next owner in at once. Releasing what is lost already changes nothing. */
  'lease.release': command(heldArgs, async (db, { name, owner, token }, { nowMs }) => {
    await db
      .updateTable('lease')
      .set({ expires_at: nowMs })
      .where('name', '=', name)
      .where('owner', '=', owner)
      .where('token', '=', token)
      .where('expires_at', '>', nowMs)
      .execute()
  }),

  'instance.seen': command(
    z.strictObject({ id: z.string(), version: z.string() }),
    async (db, { id, version }, { nowMs }) => {
      await db
        .insertInto('instance')
        .values({ id, version, started_at: nowMs, seen_at: nowMs })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ version, seen_at: nowMs }))
        .execute()
    },
  ),

  /** Forgets the answers of requests that nobody may repeat any more (STO-35). */
  'request.purge': command(
    z.strictObject({ workspaceId: z.string() }),
    async (db, { workspaceId }, { nowMs }) => {
      await db
        .deleteFrom('request')
        .where('workspace_id', '=', workspaceId)
        .where('created_at', '<', nowMs - REQUEST_KEPT_MS)
        .execute()
    },
  ),
} as const

/** For commands of other families that take a lease in the transaction of their own change. */
async function acquireLease(
  db: Db,
  { name, owner, ttlMs }: z.infer<typeof leaseArgs>,
  { nowMs }: OperationContext,
): Promise<Lease | undefined> {
  const taken = await db
    .insertInto('lease')
    .values({ name, owner, token: 1, expires_at: nowMs + ttlMs })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((eb) => ({
          owner,
          token: eb('lease.token', '+', 1),
          expires_at: nowMs + ttlMs,
        }))
        .where((eb) => eb.or([eb('lease.expires_at', '<=', nowMs), eb('lease.owner', '=', owner)])),
    )
    .returningAll()
    .executeTakeFirst()
  return taken && toLease(taken)
}

/**
 * Every effect under a lease begins with this, in its own transaction (STO-40). It takes the lease's row, so no other
 * owner can come between the check and the commit.
 *
 * @throws CoreError `lease_lost`; nothing is written then
 */
export async function fence(
  db: Db,
  { name, owner, token }: Pick<Lease, 'name' | 'owner' | 'token'>,
  { nowMs }: OperationContext,
): Promise<void> {
  const held = await db
    .updateTable('lease')
    .set({ token })
    .where('name', '=', name)
    .where('owner', '=', owner)
    .where('token', '=', token)
    .where('expires_at', '>', nowMs)
    .executeTakeFirst()
  if (held.numUpdatedRows !== 1n) throw new CoreError('lease_lost', { lease: name })
}

const toLease = (row: SystemTables['lease']): Lease => ({
  name: row.name,
  owner: row.owner,
  token: row.token,
  expiresAtMs: row.expires_at,
})
