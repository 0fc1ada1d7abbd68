import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { createTestDatabase, type TestDatabase } from '../../../../../tests/support/postgres.ts'
import { CoreError } from '../../ground/errors.ts'
import { Secret } from '../../ground/secret.ts'
import { isTransactionGone } from '../store-error.ts'
import { clientConfig } from './client-config.ts'
import type { KeptClient } from './kept-client.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { postgresWriter } from './writer-connection.ts'

let database: TestDatabase
let clients: Client[]
/** What the writer is given when it asks: the last connection made. */
let kept: KeptClient
let dropped: number

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

async function connect(over: Readonly<{ query_timeout?: number }> = {}): Promise<Client> {
  const client = new Client({ ...clientConfig(new Secret(database.url)), ...over })
  client.on('error', () => undefined)
  await client.connect()
  clients.push(client)
  return client
}

beforeEach(async () => {
  clients = []
  dropped = 0
  await migratePostgres(await connect(), { nowMs: 0, appVersion: 'test' })
  kept = {
    client() {
      const client = clients.at(-1)
      if (!client) throw new CoreError('store_unavailable')
      return client
    },
    isConnected: () => true,
    drop: () => void (dropped += 1),
    [Symbol.asyncDispose]: async () => undefined,
  }
})
afterEach(() => Promise.all(clients.map((client) => client.end())))

const lease = (name: string) => ({ name, owner: 'one', token: 1, expires_at: 0 })

describe('the connection that writes to PostgreSQL', () => {
  it('takes the time from the database, not from the caller (STO-37)', async () => {
    const writer = postgresWriter(kept)
    expect(await writer.begin(5)).toBeGreaterThan(Date.UTC(2020, 0, 1))
    await writer.rollback()
  })

  it('runs no statement of a batch outside its transaction when the connection is replaced', async () => {
    const writer = postgresWriter(kept)
    await writer.begin(0)
    await clients[0]?.end()
    await connect()
    const stray = writer.db.insertInto('lease').values(lease('stray')).execute()
    await expect(stray).rejects.toSatisfy(isTransactionGone)
    await expect(writer.commit()).rejects.toSatisfy(isTransactionGone)
    await writer.begin(0)
    expect(await writer.db.selectFrom('lease').selectAll().execute()).toEqual([])
    await writer.rollback()
  })

  it('bounds statements and locks for the transaction alone (STO-6)', async () => {
    const writer = postgresWriter(kept)
    const timeout = async () =>
      (await kept.client().query('show statement_timeout')).rows[0]?.statement_timeout
    const outside = await timeout()
    await writer.begin(0)
    expect(await timeout()).toBe('10s')
    await writer.commit()
    expect(await timeout()).toBe(outside)
  })

  it('gives up a connection that does not answer', async () => {
    await connect({ query_timeout: 50 })
    const writer = postgresWriter(kept)
    await writer.begin(0)
    const blocker = await connect()
    await blocker.query('begin; lock table lease')
    const waiting = writer.db.insertInto('lease').values(lease('waiting')).execute()
    await expect(waiting).rejects.toSatisfy(isTransactionGone)
    expect(dropped).toBe(1)
    await blocker.query('rollback')
  })
})
