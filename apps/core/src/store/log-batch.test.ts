import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { createTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { engines } from '../../../../tests/support/stores.ts'
import { Secret } from '../ground/secret.ts'
import { beginLog } from './families/audit-log.ts'
import type { LogBatch } from './log-batch.ts'
import type { Db } from './operation.ts'
import { clientConfig } from './postgres/client-config.ts'
import { migratePostgres } from './postgres/migrate-postgres.ts'
import { postgresWriter } from './postgres/writer-connection.ts'
import { openSqlite, type SqliteConnection } from './sqlite/database.ts'
import { migrateSqlite } from './sqlite/migrate-sqlite.ts'
import { sqliteWriter } from './sqlite/writer-connection.ts'
import type { WriterConnection } from './write-batch.ts'

const LOG = 'ins_1/1'
const migrating = { nowMs: 0, appVersion: 'test' }

/** Every field of every entry differs, so that a column in the wrong place shows. */
const entry = (idx: number): LogBatch['entries'][number] => ({
  log_id: LOG,
  idx,
  event_id: `evt_${idx}`,
  workspace_id: `wsp_${idx % 3}`,
  ts: 1_700_000_000_000 + idx,
  type: idx % 2 === 0 ? 'call.decided' : 'call.completed',
  outcome: idx % 7 === 0 ? null : `{"${idx}", \\}`,
  actor_id: idx % 5 === 0 ? '' : `usr_${idx}`,
  target: `tool 𝄞 ${idx}`,
  cause_id: `evt_cause_${idx}`,
  body: Uint8Array.of(0, 255, idx % 256),
  leaf: new Uint8Array(32).fill(idx % 256),
})

const batch = (from: number, to: number, over: Partial<LogBatch> = {}): LogBatch => ({
  logId: LOG,
  from,
  to,
  closedAt: null,
  entries: Array.from({ length: to - from }, (_, at) => entry(from + at)),
  tiles: [{ level: 0, n: from, hashes: Uint8Array.of(from % 256, to % 256) }],
  checkpoint: { root: new Uint8Array(32).fill(to % 256), note: `note of ${to}` },
  ...over,
})

const blankKey = { key_id: 'key', public_key: new Uint8Array(32) }
const begin = (db: Db): Promise<void> =>
  beginLog(db, { log_id: LOG, instance_id: 'ins_1', epoch: 1, opened_at: 1, ...blankKey })

const everythingIn = async (db: Db) => ({
  logs: await db.selectFrom('audit_log').select(['size', 'closed_at']).execute(),
  entries: await db.selectFrom('audit_event').selectAll().orderBy('idx').execute(),
  tiles: await db.selectFrom('audit_tile').selectAll().orderBy('n').execute(),
  checkpoints: await db.selectFrom('audit_checkpoint').selectAll().orderBy('size').execute(),
})

describe.each(engines)('a batch of the log on %s', (engine) => {
  let writer: WriterConnection
  let database: TestDatabase | undefined
  let client: Client | undefined
  let sqlite: SqliteConnection | undefined

  beforeEach(async () => {
    if (engine === 'sqlite') {
      sqlite = openSqlite(':memory:')
      await migrateSqlite(sqlite, { path: ':memory:', ...migrating })
      writer = sqliteWriter(sqlite)
    } else {
      database = await createTestDatabase()
      const opened = new Client(clientConfig(new Secret(database.url)))
      client = opened
      await opened.connect()
      await migratePostgres(opened, migrating)
      const kept = { client: () => opened, isConnected: () => true, drop: () => undefined }
      writer = postgresWriter({ ...kept, [Symbol.asyncDispose]: async () => undefined })
    }
    await writer.begin(0)
    await begin(writer.db)
  })
  afterEach(async () => {
    await writer.rollback()
    sqlite?.[Symbol.dispose]()
    await client?.end()
    await database?.[Symbol.asyncDispose]()
  })

  it('comes back as it went in, each value in its own column (STO-33)', async () => {
    expect(await writer.advanceLog(batch(0, 500))).toBe(true)
    expect(await writer.advanceLog(batch(500, 501, { closedAt: 7 }))).toBe(true)
    expect(await everythingIn(writer.db)).toEqual({
      logs: [{ size: 501, closed_at: 7 }],
      entries: Array.from({ length: 501 }, (_, idx) => entry(idx)),
      tiles: [...batch(0, 500).tiles, ...batch(500, 501).tiles].map((tile) => ({
        log_id: LOG,
        ...tile,
      })),
      checkpoints: [500, 501].map((size) => ({
        log_id: LOG,
        size,
        ...batch(0, size).checkpoint,
        published_to: null,
      })),
    })
  })

  it.each([
    ['has another size', batch(3, 5)],
    ['is not there', batch(0, 2, { logId: 'ins_1/2' })],
  ])('leaves nothing when its log %s (AUD-30)', async (_case, taken) => {
    await writer.advanceLog(batch(0, 2))
    const before = await everythingIn(writer.db)
    expect(await writer.advanceLog(taken)).toBe(false)
    expect(await everythingIn(writer.db)).toEqual(before)
  })

  it('leaves nothing when its log was ended (AUD-30)', async () => {
    await writer.advanceLog(batch(0, 2, { closedAt: 5 }))
    const before = await everythingIn(writer.db)
    expect(await writer.advanceLog(batch(2, 4))).toBe(false)
    expect(await everythingIn(writer.db)).toEqual(before)
  })
})
