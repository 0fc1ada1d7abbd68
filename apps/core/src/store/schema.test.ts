import { Client } from 'pg'
import { describe, expect, it } from 'vitest'

import { createTestDatabase } from '../../../../tests/support/postgres.ts'
import { engines, type Engine } from '../../../../tests/support/stores.ts'
import { Secret } from '../ground/secret.ts'
import { migrations } from './migrations/index.ts'
import type { Migration } from './migrations/migration.ts'
import { clientConfig } from './postgres/client-config.ts'
import { migratePostgres } from './postgres/migrate-postgres.ts'
import { openSqlite } from './sqlite/database.ts'
import { migrateSqlite } from './sqlite/migrate-sqlite.ts'

/** Tables whose rows the engine numbers by itself: by row id, `autoincrement`, sequence, identity or default. */
async function selfNumbered(engine: Engine, steps: readonly Migration[]): Promise<string[]> {
  const options = { nowMs: 0, appVersion: 'test', migrations: steps }
  if (engine === 'sqlite') {
    using sqlite = openSqlite(':memory:')
    await migrateSqlite(sqlite, { path: ':memory:', ...options })
    const rows = sqlite.raw
      .prepare(`select name from pragma_table_list where schema = 'main' and type = 'table'
        and wr = 0 and name <> 'sqlite_schema' order by name`)
      .all()
    return rows.map(({ name }) => String(name))
  }
  await using database = await createTestDatabase()
  const client = new Client(clientConfig(new Secret(database.url)))
  await client.connect()
  try {
    await migratePostgres(client, options)
    const { rows } = await client.query<{ name: string }>(`
      select relname as name from pg_class
        where relkind = 'S' and relnamespace = current_schema()::regnamespace
      union select table_name from information_schema.columns
        where table_schema = current_schema()
        and (is_identity = 'YES' or column_default is not null or is_generated <> 'NEVER')
      order by 1`)
    return rows.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

const step = (statement: string): Migration => ({
  version: 1,
  name: 'planted',
  minReader: 1,
  up: () => [statement],
})

describe.each(engines)('the schema on %s (STO-23)', (engine) => {
  it('lets the engine number no row: what counts is assigned by its writer', async () => {
    expect(await selfNumbered(engine, migrations)).toEqual([])
  })
})

describe.each([
  ['sqlite', 'row ids', 'create table planted (a text) strict'],
  ['sqlite', 'autoincrement', 'create table planted (a integer primary key autoincrement) strict'],
  ['postgres', 'serial', 'create table planted (a bigserial)'],
  ['postgres', 'identity', 'create table planted (a bigint generated always as identity)'],
  ['postgres', 'a sequence', 'create sequence planted'],
  ['postgres', 'a default', 'create table planted (a bigint default 1)'],
] as const)('on %s, %s', (engine, _, statement) => {
  it('would be found', async () => {
    expect(await selfNumbered(engine, [step(statement)])).toContain('planted')
  })
})
