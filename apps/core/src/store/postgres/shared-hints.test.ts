import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import { createTestDatabase, type TestDatabase } from '../../../../../tests/support/postgres.ts'
import { createLog } from '../../ground/log.ts'
import { Secret } from '../../ground/secret.ts'
import type { HintTopic } from '../store.ts'
import { openSharedHints } from './shared-hints.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

async function aReplica() {
  const woken: HintTopic[] = []
  const wake = (topics: Iterable<HintTopic>): void => void woken.push(...topics)
  const shared = await openSharedHints(new Secret(database.url), { wake }, createLog('silent'))
  // A new connection wakes everyone once, for what it may have missed.
  expect(woken.splice(0).length).toBeGreaterThan(1)
  return { shared, woken }
}

describe('hints between replicas (STO-43)', () => {
  it('reach every other replica, and not the sender once more', async () => {
    const [one, two] = [await aReplica(), await aReplica()]
    one.shared.send(new Set(['policy', 'event']))
    await vi.waitFor(() => expect(two.woken.toSorted()).toEqual(['event', 'policy']))
    two.shared.send(new Set(['vault']))
    await vi.waitFor(() => expect(one.woken).toEqual(['vault']))
    await one.shared[Symbol.asyncDispose]()
    await two.shared[Symbol.asyncDispose]()
  })

  it('carry topics that are known, and nothing else', async () => {
    const one = await aReplica()
    const stranger = new Client(database.url)
    await stranger.connect()
    await stranger.query('select pg_notify($1, $2)', ['peta_hint', `policy x'; -- server`])
    await vi.waitFor(() => expect(one.woken.toSorted()).toEqual(['policy', 'server']))
    await stranger.end()
    await one.shared[Symbol.asyncDispose]()
  })

  it('are left out while their connection cannot be made, and nothing fails', async () => {
    const nowhere = new Secret('postgres://peta@127.0.0.1:1/peta')
    const shared = await openSharedHints(nowhere, { wake: () => undefined }, createLog('silent'))
    expect(() => shared.send(new Set(['policy']))).not.toThrow()
    await shared[Symbol.asyncDispose]()
  })
})
