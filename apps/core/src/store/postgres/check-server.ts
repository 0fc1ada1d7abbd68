import type { Client } from 'pg'
import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'

const VERSION_MIN = 15
const VERSION_FACTOR = 10_000

const Settings = z.object({
  version: z.coerce.number(),
  encoding: z.string(),
  fsync: z.string(),
  pages: z.string(),
  commit: z.string(),
})

/**
 * Refuses a server whose acknowledged commits could be lost, or that orders and stores text differently (STO-5).
 *
 * @throws CoreError `database_unsafe`, naming the setting
 */
export async function checkServer(client: Pick<Client, 'query'>): Promise<void> {
  const { rows } = await client.query(
    `select current_setting('server_version_num') as version,
      current_setting('server_encoding') as encoding,
      current_setting('fsync') as fsync,
      current_setting('full_page_writes') as pages,
      current_setting('synchronous_commit') as commit`,
  )
  const problem = problemOf(Settings.parse(rows[0]))
  if (problem) throw new CoreError('database_unsafe', { problem })
}

export type ServerSettings = z.infer<typeof Settings>

function problemOf(settings: ServerSettings): string | undefined {
  const version = Math.trunc(settings.version / VERSION_FACTOR)
  if (version < VERSION_MIN) return `PostgreSQL ${version} is too old; use ${VERSION_MIN} or newer.`
  if (settings.encoding !== 'UTF8')
    return `The database is in ${settings.encoding}; create it in UTF8.`
  if (settings.fsync !== 'on') return 'Set fsync to on in postgresql.conf.'
  if (settings.pages !== 'on') return 'Set full_page_writes to on in postgresql.conf.'
  if (settings.commit === 'off') return 'Set synchronous_commit to on for this database and user.'
  return undefined
}
