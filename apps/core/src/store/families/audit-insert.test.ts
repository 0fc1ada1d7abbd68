import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { createTestDatabase, type TestDatabase } from '../../../../../tests/support/postgres.ts'
import { Secret } from '../../ground/secret.ts'
import type { Db } from '../operation.ts'
import { clientConfig } from '../postgres/client-config.ts'
import { postgresHandles } from '../postgres/database.ts'
import { migratePostgres } from '../postgres/migrate-postgres.ts'
import { createInsertEntries } from './audit-insert.ts'
import type { AuditEntryRow } from './audit-log.ts'

const BATCH = 500

/** Every field of every row differs, so that a column in the wrong place shows. */
const row = (logId: string, idx: number): AuditEntryRow => ({
  log_id: logId,
  idx,
  event_id: `evt_${logId}_${idx}`,
  workspace_id: `wsp_${idx % 3}`,
  ts: 1_700_000_000_000 + idx,
  type: idx % 2 === 0 ? 'call.decided' : 'call.completed',
  outcome: `{"${idx}", \\}`,
  actor_id: idx % 5 === 0 ? '' : `usr_${idx}`,
  target: `tool 𝄞 ${idx}`,
  cause_id: `evt_cause_${idx}`,
  body: Uint8Array.of(0, 255, idx % 256),
  leaf: new Uint8Array(32).fill(idx % 256),
})

describe('entries on PostgreSQL', () => {
  let database: TestDatabase
  let client: Client
  let db: Db
  let sent: { text: string; values: readonly unknown[] }[]

  beforeAll(async () => {
    database = await createTestDatabase()
    client = new Client(clientConfig(new Secret(database.url)))
    await client.connect()
    await migratePostgres(client, { nowMs: 0, appVersion: 'test' })
    db = postgresHandles((text, values) => {
      sent.push({ text, values })
      return client.query(text, values)
    }).db
  })
  afterAll(async () => {
    await client.end()
    await database[Symbol.asyncDispose]()
  })

  it('go in as one array a column, in one statement whatever the batch (STO-33)', async () => {
    const insertEntries = createInsertEntries()
    sent = []
    await insertEntries(db, [row('one', 0)])
    await insertEntries(
      db,
      Array.from({ length: BATCH }, (_, idx) => row('many', idx)),
    )
    const [one, many] = sent
    expect(sent).toHaveLength(2)
    expect(many?.text).toBe(one?.text)
    expect(many?.values).toHaveLength(Object.keys(row('', 0)).length)
    expect(many?.values.every((column) => Array.isArray(column) && column.length === BATCH)).toBe(
      true,
    )
  })

  it('come back as they went in, each value in its own column (STO-33)', async () => {
    sent = []
    const rows = Array.from({ length: BATCH }, (_, idx) => row('kept', idx))
    await createInsertEntries()(db, rows)
    const found = await db
      .selectFrom('audit_event')
      .selectAll()
      .where('log_id', '=', 'kept')
      .orderBy('idx')
      .execute()
    expect(found).toEqual(rows)
  })
})
