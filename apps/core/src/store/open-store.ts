import type { Clock } from '../ground/clock.ts'
import type { Log } from '../ground/log.ts'
import type { Secret } from '../ground/secret.ts'
import type { LogAppender } from './appender.ts'
import type { SpaceLimits } from './sqlite/space-watch.ts'
import type { Store } from './store.ts'

export type OpenStoreOptions = Readonly<{
  dataDir: string
  /** PostgreSQL when it is set, else SQLite in the data directory. */
  databaseUrl: Secret<string> | undefined
  /** The same database past any pooler, for hints; without it replicas find out by asking each second. */
  databaseDirectUrl: Secret<string> | undefined
  allowUnsafeFilesystem: boolean
  clock: Clock
  log: Log
  /** Of this release. */
  version: string
  /** Writes the audit log in this thread, on PostgreSQL. On SQLite the writer's thread makes its own. */
  createAppender: () => LogAppender
  /** Entry points of the threads that SQLite lives in. */
  threads: Readonly<{ writer: URL; reader: URL }>
  /** Called once when the database file failed and this process must not go on (STO-13). */
  failed?: (cause: unknown) => void
  reserveBytes?: number
  spaceLimits?: SpaceLimits
}>

/**
 * Opens the store, brought to this release's schema. Of the two engines only the one in use is ever loaded.
 *
 * @throws CoreError `data_dir_in_use`, `data_dir_unwritable`, `filesystem_unsafe`, `database_unsafe`,
 *   `database_unreachable`, `migration_changed`, `schema_too_new`
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  if (options.databaseUrl) {
    const { openPostgresStore } = await import('./postgres/open-postgres-store.ts')
    return openPostgresStore(options, options.databaseUrl)
  }
  const { openSqliteStore } = await import('./sqlite/open-sqlite-store.ts')
  return openSqliteStore(options)
}
