import { reviewedKinds } from '@peta/contract'
import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import type { ReviewedItem } from '../../model/server.ts'
import type { ColumnClasses } from '../column.ts'
import { command, query, type Db } from '../operation.ts'

export type CatalogueTables = {
  catalogue_item: {
    workspace_id: string
    server_id: string
    kind: ReviewedItem['kind']
    /** Digest of the name, which may be longer than a key may be (STO-24). */
    name_key: string
    name: string
    exposed: string
    /** As the server last sent it. */
    definition: string
    pin: string
    /** As a person last accepted it; what `definition` is compared with in a review. */
    accepted_definition: string | null
    accepted_pin: string | null
    state: ReviewedItem['state']
    /** JSON array. */
    labels: string
    risk: number
    reviewed_by: string | null
    reviewed_at: number | null
    seen_at: number
    revision: number
  }
  /** What a name once meant it means for ever; rows are never deleted (MCP-102). */
  exposed_name: {
    workspace_id: string
    kind: ReviewedItem['kind']
    exposed: string
    server_id: string
    name_key: string
    created_at: number
  }
}

export const catalogueColumns: ColumnClasses<CatalogueTables> = {
  catalogue_item: {
    workspace_id: 'plain',
    server_id: 'plain',
    kind: 'plain',
    name_key: 'plain',
    name: 'plain',
    exposed: 'plain',
    definition: 'plain',
    pin: 'plain',
    accepted_definition: 'plain',
    accepted_pin: 'plain',
    state: 'plain',
    labels: 'plain',
    risk: 'plain',
    reviewed_by: 'plain',
    reviewed_at: 'plain',
    seen_at: 'plain',
    revision: 'plain',
  },
  exposed_name: {
    workspace_id: 'plain',
    kind: 'plain',
    exposed: 'plain',
    server_id: 'plain',
    name_key: 'plain',
    created_at: 'plain',
  },
}

const PAGE_MAX = 1000
const kind = z.enum(reviewedKinds)
const state = z.enum(['quarantined', 'accepted', 'changed', 'rejected', 'gone'])
const inWorkspace = { workspaceId: z.string() }
const position = z.strictObject({ serverId: z.string(), kind, nameKey: z.string() })

const seenItem = z.strictObject({
  kind,
  nameKey: z.string(),
  name: z.string(),
  exposed: z.string(),
  definition: z.string(),
  pin: z.string(),
  state,
  /** Of the row this was compared with; 0 for a new one. */
  revision: z.int(),
})
export type SeenItem = z.infer<typeof seenItem>

const reviewedItem = z.strictObject({ kind, nameKey: z.string(), revision: z.int() })

export const catalogueQueries = {
  /** In the order of the key, after a position. */
  'catalogue.items': query(
    z.strictObject({ ...inWorkspace, after: position.optional(), limit: z.int().max(PAGE_MAX) }),
    (db, { workspaceId, after, limit }) => {
      let found = db
        .selectFrom('catalogue_item')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
      if (after) {
        found = found.where((eb) =>
          eb(
            eb.refTuple('server_id', 'kind', 'name_key'),
            '>',
            eb.tuple(after.serverId, after.kind, after.nameKey),
          ),
        )
      }
      return found.orderBy('server_id').orderBy('kind').orderBy('name_key').limit(limit).execute()
    },
  ),

  /**
   * Grows with every change of a server or an entry, because their rows only ever gain revisions: what a copy in memory
   * is compared with (STO-28).
   */
  'catalogue.revision': query(z.strictObject(inWorkspace), async (db, { workspaceId }) => {
    const servers = await db
      .selectFrom('server')
      .select(({ fn }) => fn.sum<string | number | null>('revision').as('total'))
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst()
    const items = await db
      .selectFrom('catalogue_item')
      .select(({ fn }) => fn.sum<string | number | null>('revision').as('total'))
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst()
    return Number(servers?.total ?? 0) + Number(items?.total ?? 0)
  }),

  'catalogue.names': query(z.strictObject(inWorkspace), (db, { workspaceId }) =>
    db
      .selectFrom('exposed_name')
      .select(['kind', 'exposed', 'server_id', 'name_key'])
      .where('workspace_id', '=', workspaceId)
      .execute(),
  ),
} as const

export const catalogueCommands = {
  /** Keeps what a refresh saw. Rows that a review changed in the meantime are a `conflict`. */
  'catalogue.refresh': command(
    z.strictObject({ ...inWorkspace, serverId: z.string(), items: z.array(seenItem).max(20_000) }),
    async (db, { workspaceId, serverId, items }, { nowMs }) => {
      for (const item of items) {
        if (item.revision > 0) await updateSeen(db, workspaceId, serverId, item, nowMs)
        else await insertSeen(db, workspaceId, serverId, item, nowMs)
      }
    },
  ),

  /** A person's verdict on definitions exactly as that person saw them. */
  'catalogue.review': command(
    z.strictObject({
      ...inWorkspace,
      serverId: z.string(),
      items: z.array(reviewedItem).max(20_000),
      verdict: z.enum(['accepted', 'rejected']),
      labels: z.array(z.string()),
      risk: z.int().min(0).max(100),
      reviewedBy: z.string(),
    }),
    async (db, args, { nowMs }) => {
      const labels = JSON.stringify(args.labels)
      for (const { kind: itemKind, nameKey, revision } of args.items) {
        const changed = await db
          .updateTable('catalogue_item')
          .set((eb) => ({
            state: args.verdict,
            revision: revision + 1,
            reviewed_by: args.reviewedBy,
            reviewed_at: nowMs,
            ...(args.verdict === 'accepted' && {
              labels,
              risk: args.risk,
              accepted_definition: eb.ref('definition'),
              accepted_pin: eb.ref('pin'),
            }),
          }))
          .where('workspace_id', '=', args.workspaceId)
          .where('server_id', '=', args.serverId)
          .where('kind', '=', itemKind)
          .where('name_key', '=', nameKey)
          .where('revision', '=', revision)
          .returning('name_key')
          .executeTakeFirst()
        if (!changed) throw new CoreError('conflict')
      }
    },
  ),
} as const

// oxlint-disable-next-line max-params -- private to one command
async function updateSeen(
  db: Db,
  workspaceId: string,
  serverId: string,
  item: SeenItem,
  nowMs: number,
): Promise<void> {
  const changed = await db
    .updateTable('catalogue_item')
    .set({
      definition: item.definition,
      pin: item.pin,
      state: item.state,
      seen_at: nowMs,
      revision: item.revision + 1,
    })
    .where('workspace_id', '=', workspaceId)
    .where('server_id', '=', serverId)
    .where('kind', '=', item.kind)
    .where('name_key', '=', item.nameKey)
    .where('revision', '=', item.revision)
    .returning('name_key')
    .executeTakeFirst()
  if (!changed) throw new CoreError('conflict')
}

// oxlint-disable-next-line max-params -- private to one command
async function insertSeen(
  db: Db,
  workspaceId: string,
  serverId: string,
  item: SeenItem,
  nowMs: number,
): Promise<void> {
  const added = await db
    .insertInto('catalogue_item')
    .values({
      workspace_id: workspaceId,
      server_id: serverId,
      kind: item.kind,
      name_key: item.nameKey,
      name: item.name,
      exposed: item.exposed,
      definition: item.definition,
      pin: item.pin,
      accepted_definition: null,
      accepted_pin: null,
      state: item.state,
      labels: '[]',
      risk: 0,
      reviewed_by: null,
      reviewed_at: null,
      seen_at: nowMs,
      revision: 1,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('name_key')
    .executeTakeFirst()
  if (!added) throw new CoreError('conflict')
  if (item.kind === 'tool' || item.kind === 'prompt') {
    await assignName(db, workspaceId, serverId, item, nowMs)
  }
}

/** Two tools may not have one name, even when two refreshes choose it at once. */
// oxlint-disable-next-line max-params -- private to one command
async function assignName(
  db: Db,
  workspaceId: string,
  serverId: string,
  item: SeenItem,
  nowMs: number,
): Promise<void> {
  const added = await db
    .insertInto('exposed_name')
    .values({
      workspace_id: workspaceId,
      kind: item.kind,
      exposed: item.exposed,
      server_id: serverId,
      name_key: item.nameKey,
      created_at: nowMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('exposed')
    .executeTakeFirst()
  if (!added) throw new CoreError('conflict')
}
