import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { createTestDatabase } from '../../../../tests/support/postgres.ts'
import { engines, type Engine } from '../../../../tests/support/stores.ts'
import { Secret } from '../ground/secret.ts'
import type { Db } from './operation.ts'
import { clientConfig } from './postgres/client-config.ts'
import { postgresHandles } from './postgres/database.ts'
import { migratePostgres } from './postgres/migrate-postgres.ts'
import { openSqlite } from './sqlite/database.ts'
import { migrateSqlite } from './sqlite/migrate-sqlite.ts'

type Database = AsyncDisposable & Readonly<{ db: Db; exec: (statement: string) => Promise<void> }>

async function openDatabase(engine: Engine): Promise<Database> {
  if (engine === 'sqlite') {
    const sqlite = openSqlite(':memory:')
    await migrateSqlite(sqlite, { path: ':memory:', nowMs: 0, appVersion: 'test' })
    return {
      db: sqlite.db,
      exec: async (statement) => sqlite.raw.exec(statement),
      [Symbol.asyncDispose]: async () => sqlite[Symbol.dispose](),
    }
  }
  const database = await createTestDatabase()
  const client = new Client(clientConfig(new Secret(database.url)))
  await client.connect()
  await migratePostgres(client, { nowMs: 0, appVersion: 'test' })
  return {
    db: postgresHandles((text, values) => client.query(text, values)).db,
    exec: async (statement) => void (await client.query(statement)),
    async [Symbol.asyncDispose]() {
      await client.end()
      await database[Symbol.asyncDispose]()
    },
  }
}

describe.each(engines)('values on %s (STO-22)', (engine) => {
  let database: Database
  let db: Db
  beforeAll(async () => {
    database = await openDatabase(engine)
    db = database.db
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const putLease = (name: string, token = 1) =>
    db.insertInto('lease').values({ name, owner: 'o', token, expires_at: 0 }).execute()
  const leaseOf = (name: string) =>
    db.selectFrom('lease').selectAll().where('name', '=', name).executeTakeFirst()

  const link = (id: string, hash: Uint8Array, userId: string | null) => ({
    workspace_id: 'wsp_1',
    id,
    kind: 'setup' as const,
    user_id: userId,
    hash,
    created_at: 1,
    expires_at: 2,
    failures: 0,
    used_at: null,
  })

  it('come back as they went in: null, bytes and text of every plane', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
    const rows = [
      link('full', bytes, '𝄞 é \u{10ffff} \\ \' "'),
      link('empty', new Uint8Array(), null),
    ]
    await db.insertInto('one_time_link').values(rows).execute()
    const found = await db
      .selectFrom('one_time_link')
      .selectAll()
      .where('workspace_id', '=', 'wsp_1')
      .orderBy('id', 'desc')
      .execute()
    expect(found).toEqual(rows)
    expect(found.map(({ hash }) => hash.constructor)).toEqual([Uint8Array, Uint8Array])
  })

  it('are numbers up to the largest safe one', async () => {
    await putLease('largest', Number.MAX_SAFE_INTEGER)
    await putLease('smallest', Number.MIN_SAFE_INTEGER)
    expect(await leaseOf('largest')).toMatchObject({ token: Number.MAX_SAFE_INTEGER })
    expect(await leaseOf('smallest')).toMatchObject({ token: Number.MIN_SAFE_INTEGER })
  })

  it('fail to be read when a number cannot hold them', async () => {
    await database.exec(
      `insert into lease (name, owner, token, expires_at) values ('beyond', 'o', 9007199254740993, 0)`,
    )
    await expect(leaseOf('beyond')).rejects.toThrow(RangeError)
    await db.deleteFrom('lease').where('name', '=', 'beyond').execute()
  })

  it('are numbers when they are counted or summed', async () => {
    const { n, sum } = await db
      .selectFrom('lease')
      .select(({ fn }) => [fn.countAll<number>().as('n'), fn.sum<number>('expires_at').as('sum')])
      .executeTakeFirstOrThrow()
    expect([typeof n, typeof sum]).toEqual(['number', 'number'])
  })

  it('sort by code point, whatever the language of the machine (STO-24)', async () => {
    const names = ['sort-Z', 'sort-a', 'sort-é', 'sort-_', 'sort-0', 'sort-\u{ffff}', 'sort-𝄞']
    for (const name of names) await putLease(name)
    const rows = await db
      .selectFrom('lease')
      .select('name')
      .where('name', '>=', 'sort-')
      .where('name', '<', 'sort.')
      .orderBy('name')
      .execute()
    const byCodePoint = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
    expect(rows.map(({ name }) => name)).toEqual(names.toSorted(byCodePoint))
  })

  it('are keys of 512 bytes', async () => {
    const name = 'k'.repeat(512)
    await putLease(name)
    await expect(putLease(name)).rejects.toThrow(/unique|duplicate/i)
    expect(await leaseOf(name)).toMatchObject({ name })
  })

  it('are refused when no column holds their kind', async () => {
    const wrong: readonly unknown[] = [true, new Date(), { a: 1 }, 1.5]
    for (const token of wrong) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a defect would pass
      await expect(putLease('wrong', token as number)).rejects.toThrow(/./)
    }
    expect(await leaseOf('wrong')).toBeUndefined()
  })

  it('tell how many rows a change met (STO-26)', async () => {
    await putLease('counted')
    const change = (owner: string) =>
      db
        .updateTable('lease')
        .set({ token: 2 })
        .where('name', '=', 'counted')
        .where('owner', '=', owner)
        .executeTakeFirst()
    expect((await change('o')).numUpdatedRows).toBe(1n)
    expect((await change('another')).numUpdatedRows).toBe(0n)
  })
})
