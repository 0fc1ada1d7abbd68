import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import type { ColumnClasses } from '../column.ts'
import { command, query } from '../operation.ts'

export type ServerState = 'enabled' | 'disabled' | 'removed'

export type ServerTables = {
  server: {
    workspace_id: string
    id: string
    /** Never given to another server, removed ones included (MCP-100). */
    slug: string
    state: ServerState
    /** Of the definition in use. */
    version: number
    /** The recorded act that this definition came from. */
    event_id: string
    revision: number
    created_at: number
  }
  /** Immutable; a change is a new version (RUN-1). */
  server_definition: {
    workspace_id: string
    server_id: string
    version: number
    hash: string
    body: string
    created_by: string
    created_at: number
  }
}

export const serverColumns: ColumnClasses<ServerTables> = {
  server: {
    workspace_id: 'plain',
    id: 'plain',
    slug: 'plain',
    state: 'plain',
    version: 'plain',
    event_id: 'plain',
    revision: 'plain',
    created_at: 'plain',
  },
  server_definition: {
    workspace_id: 'plain',
    server_id: 'plain',
    version: 'plain',
    hash: 'plain',
    body: 'plain',
    created_by: 'plain',
    created_at: 'plain',
  },
}

const inWorkspace = { workspaceId: z.string() }
const oneServer = { ...inWorkspace, serverId: z.string() }

const definition = {
  hash: z.string(),
  body: z.string(),
  eventId: z.string(),
  createdBy: z.string(),
}

export const serverQueries = {
  /** Every server that is not removed, with the definition in use. */
  'server.list': query(z.strictObject(inWorkspace), (db, { workspaceId }) =>
    db
      .selectFrom('server')
      .innerJoin('server_definition as definition', (join) =>
        join
          .onRef('definition.workspace_id', '=', 'server.workspace_id')
          .onRef('definition.server_id', '=', 'server.id')
          .onRef('definition.version', '=', 'server.version'),
      )
      .select([
        'server.id',
        'server.slug',
        'server.state',
        'server.version',
        'server.event_id',
        'server.revision',
        'definition.hash',
        'definition.body',
      ])
      .where('server.workspace_id', '=', workspaceId)
      .where('definition.workspace_id', '=', workspaceId)
      .where('server.state', '!=', 'removed')
      .orderBy('server.slug')
      .execute(),
  ),
} as const

export const serverCommands = {
  /** @throws CoreError `already_exists` when the slug was ever used */
  'server.install': command(
    z.strictObject({ ...oneServer, slug: z.string(), enabled: z.boolean(), ...definition }),
    async (db, args, { nowMs }) => {
      const added = await db
        .insertInto('server')
        .values({
          workspace_id: args.workspaceId,
          id: args.serverId,
          slug: args.slug,
          state: args.enabled ? 'enabled' : 'disabled',
          version: 1,
          event_id: args.eventId,
          revision: 1,
          created_at: nowMs,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst()
      if (!added) throw new CoreError('already_exists', { what: 'slug', name: args.slug })
      await db
        .insertInto('server_definition')
        .values({
          workspace_id: args.workspaceId,
          server_id: args.serverId,
          version: 1,
          hash: args.hash,
          body: args.body,
          created_by: args.createdBy,
          created_at: nowMs,
        })
        .execute()
    },
  ),

  /** A new version of the definition, in use at once. */
  'server.update': command(
    z.strictObject({ ...oneServer, revision: z.int(), version: z.int(), ...definition }),
    async (db, args, { nowMs }) => {
      const changed = await db
        .updateTable('server')
        .set({ version: args.version, event_id: args.eventId, revision: args.revision + 1 })
        .where('workspace_id', '=', args.workspaceId)
        .where('id', '=', args.serverId)
        .where('revision', '=', args.revision)
        .where('state', '!=', 'removed')
        .returning('id')
        .executeTakeFirst()
      if (!changed) throw new CoreError('conflict')
      await db
        .insertInto('server_definition')
        .values({
          workspace_id: args.workspaceId,
          server_id: args.serverId,
          version: args.version,
          hash: args.hash,
          body: args.body,
          created_by: args.createdBy,
          created_at: nowMs,
        })
        .execute()
    },
  ),

  'server.setState': command(
    z.strictObject({
      ...oneServer,
      revision: z.int(),
      state: z.enum(['enabled', 'disabled', 'removed']),
    }),
    async (db, args) => {
      const changed = await db
        .updateTable('server')
        .set({ state: args.state, revision: args.revision + 1 })
        .where('workspace_id', '=', args.workspaceId)
        .where('id', '=', args.serverId)
        .where('revision', '=', args.revision)
        .where('state', '!=', 'removed')
        .returning('id')
        .executeTakeFirst()
      if (!changed) throw new CoreError('conflict')
    },
  ),
} as const
