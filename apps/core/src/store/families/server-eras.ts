import { z } from 'zod'

import type { ColumnClasses } from '../column.ts'
import { command, query } from '../operation.ts'

export type ServerEraTables = {
  /** Lost without harm: a server is asked again. */
  server_era: {
    workspace_id: string
    server_id: string
    /** Of the definition that was launched. */
    launch_hash: string
    credential_version: string
    era: 'modern' | 'legacy'
    /** When it was asked, not when it was last used. */
    found_at: number
  }
}

export const serverEraColumns: ColumnClasses<ServerEraTables> = {
  server_era: {
    workspace_id: 'plain',
    server_id: 'plain',
    launch_hash: 'plain',
    credential_version: 'plain',
    era: 'plain',
    found_at: 'plain',
  },
}

const oneServer = { workspaceId: z.string(), serverId: z.string() }

export const serverEraQueries = {
  'server.eras': query(z.strictObject({ workspaceId: z.string() }), (db, { workspaceId }) =>
    db
      .selectFrom('server_era')
      .select(['server_id', 'launch_hash', 'credential_version', 'era', 'found_at'])
      .where('workspace_id', '=', workspaceId)
      .execute(),
  ),
} as const

export const serverEraCommands = {
  /** The last one counts, whichever process found it. */
  'server.noteEra': command(
    z.strictObject({
      ...oneServer,
      launchHash: z.string(),
      credentialVersion: z.string(),
      era: z.enum(['modern', 'legacy']),
      foundAtMs: z.int(),
    }),
    async (db, { workspaceId, serverId, launchHash, credentialVersion, era, foundAtMs }) => {
      await db
        .insertInto('server_era')
        .values({
          workspace_id: workspaceId,
          server_id: serverId,
          launch_hash: launchHash,
          credential_version: credentialVersion,
          era,
          found_at: foundAtMs,
        })
        .onConflict((conflict) =>
          conflict
            .columns(['workspace_id', 'server_id', 'launch_hash', 'credential_version'])
            .doUpdateSet({ era, found_at: foundAtMs }),
        )
        .execute()
    },
  ),

  'server.forgetEras': command(z.strictObject(oneServer), async (db, { workspaceId, serverId }) => {
    await db
      .deleteFrom('server_era')
      .where('workspace_id', '=', workspaceId)
      .where('server_id', '=', serverId)
      .execute()
  }),
} as const
