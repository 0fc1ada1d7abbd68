import type { Client } from 'pg'

import { migrate, type MigrateOptions } from '../migrate.ts'
import { postgresHandles } from './database.ts'

type Options = Pick<MigrateOptions, 'appVersion' | 'nowMs' | 'migrations'>

/** Names the lock among all that use the database: "peta" in ASCII. */
const MIGRATION_LOCK = 0x70657461

/**
 * One replica migrates, the others wait up to a minute and then find nothing left to do (STO-52). The lock belongs to
 * the transaction, so it needs no session of its own and no one can forget it.
 */
export const migratePostgres = (client: Client, options: Options): Promise<readonly string[]> =>
  migrate(postgresHandles((text, values) => client.query(text, values)).unguarded, {
    ...options,
    engine: 'postgres',
    async alone(work) {
      await client.query("begin; set local lock_timeout = '60s'")
      try {
        await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
        await client.query("set local lock_timeout = '5s'")
        await work()
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw error
      }
    },
  })
