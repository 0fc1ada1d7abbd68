import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { createTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { engines } from '../../../../tests/support/stores.ts'
import { Secret } from '../ground/secret.ts'
import { migrations } from './migrations/index.ts'
import type { Migration } from './migrations/migration.ts'
import { clientConfig } from './postgres/client-config.ts'
import { migratePostgres } from './postgres/migrate-postgres.ts'
import { openSqlite } from './sqlite/database.ts'
import { migrateSqlite } from './sqlite/migrate-sqlite.ts'

const step = (version: number, statement: string, minReader = version): Migration => ({
  version,
  name: `step-${version}`,
  minReader,
  up: ({ int, tableEnd }) => [statement.replaceAll('$int', int).replaceAll('$end', tableEnd)],
})
const first = step(1, 'create table one (a $int not null, primary key (a)) $end')
const second = step(2, 'create table two (b $int not null, primary key (b)) $end')
const broken = step(2, 'create table two (b no_such_type collate nothing) $end')

describe.each(engines)('migrations on %s', (engine) => {
  let home: string
  let database: TestDatabase | undefined
  let run: (steps: readonly Migration[], nowMs?: number) => Promise<readonly string[]>

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'peta-migrate-'))
    database = engine === 'postgres' ? await createTestDatabase() : undefined
    run = database ? onPostgres(database.url) : onSqlite(join(home, 'peta.db'))
  })
  afterEach(async () => {
    await database?.[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  })

  it('take each step once, in order (STO-50)', async () => {
    expect(await run([first])).toEqual(['step-1'])
    expect(await run([first, second])).toEqual(['step-2'])
    expect(await run([first, second])).toEqual([])
  })

  it('take every step of this release on an empty database', async () => {
    expect(await run(migrations)).toHaveLength(migrations.length)
    expect(migrations.map(({ version }) => version)).toEqual(
      migrations.map(({ version }) => version).toSorted((a, b) => a - b),
    )
  })

  it('are refused when one that ran was edited since (STO-50)', async () => {
    await run([first])
    const edited = step(1, 'create table one (a $int not null, primary key (a) ) $end')
    await expect(run([edited, second])).rejects.toMatchObject({
      code: 'migration_changed',
      facts: { migration: '1-step-1' },
    })
  })

  it('are refused on a database that a newer Peta wrote, unless this one can read it (STO-50)', async () => {
    await run([first, second])
    await expect(run([first])).rejects.toMatchObject({ code: 'schema_too_new' })
    await run([first, second, step(3, 'create table three (c $int, primary key (c)) $end', 2)])
    expect(await run([first, second])).toEqual([])
  })

  it('leave everything as it was when a step fails (STO-52)', async () => {
    await run([first])
    await expect(run([first, broken])).rejects.toThrow(/no_such_type|near/)
    expect(await run([first, second])).toEqual(['step-2'])
  })

  it.runIf(engine === 'postgres')('run once when replicas start together (STO-52)', async () => {
    const taken = await Promise.all(Array.from({ length: 4 }, () => run([first, second])))
    expect(taken.flat()).toEqual(['step-1', 'step-2'])
  })

  it.runIf(engine === 'sqlite')(
    'keep a copy of what was before, three at most (STO-52)',
    async () => {
      const copies = () => readdirSync(home).filter((name) => name.includes('before'))
      await run([first])
      expect(copies()).toEqual([])
      const steps = [first, second]
      for (let version = 3; version <= 6; version += 1) {
        steps.push(step(version, `create table t${version} (a $int, primary key (a)) $end`))
        await run(steps, 1000 + version)
      }
      expect(copies()).toEqual([
        'peta.db.before-1004',
        'peta.db.before-1005',
        'peta.db.before-1006',
      ])
      const copy = openSqlite(join(home, 'peta.db.before-1005'), { readOnly: true })
      expect(copy.raw.prepare('select max(version) as v from schema_migration').get()).toEqual({
        v: 4,
      })
      copy[Symbol.dispose]()
      expect(existsSync(join(home, 'peta.db'))).toBe(true)
    },
  )
})

function onPostgres(url: string) {
  return async (steps: readonly Migration[], nowMs = 1): Promise<readonly string[]> => {
    const client = new Client(clientConfig(new Secret(url)))
    await client.connect()
    try {
      return await migratePostgres(client, { nowMs, appVersion: 'test', migrations: steps })
    } finally {
      await client.end()
    }
  }
}

function onSqlite(path: string) {
  return async (steps: readonly Migration[], nowMs = 1): Promise<readonly string[]> => {
    using sqlite = openSqlite(path)
    return await migrateSqlite(sqlite, { path, nowMs, appVersion: 'test', migrations: steps })
  }
}
