import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { mayMount, mountMemoryDisk } from '../../../../tests/support/mounts.ts'
import {
  createStorePlace,
  drafts as createDrafts,
  engines,
  type StorePlace,
} from '../../../../tests/support/stores.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { Store } from './store.ts'

const draft = createDrafts()
const anEvent = (target?: string): AuditDraft =>
  draft({ type: 'server.changed', workspaceId: 'wsp_1', ...(target && { target }) })
const MIB = 1024 * 1024
const PAGE = 1000
const WRITER = new URL('../../../../tests/support/write-until-killed.ts', import.meta.url).pathname

/** Ids of all events in the log, over its pages. */
async function storedIds(store: Store): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for (const { log_id: logId, size } of await store.query('audit.logs', {})) {
    for (let from = 0; from < size; from += PAGE) {
      const rows = await store.query('audit.entries', { logId, from, to: from + PAGE })
      for (const { body } of rows) ids.add(JSON.parse(Buffer.from(body ?? '').toString()).id)
    }
  }
  return ids
}

/** Runs a process that writes, kills it after so many acknowledgements, and gives the ids that it was promised. */
async function writeAndKill(place: StorePlace, acks: number): Promise<readonly string[]> {
  const words = ['--conditions=peta-source', WRITER, place.dataDir, place.database?.url ?? '']
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const promised: string[] = []
  for await (const id of createInterface({ input: child.stdout })) {
    if (promised.push(id) === acks) child.kill('SIGKILL')
  }
  await ended
  return promised
}

describe.each(engines)('acknowledged writes on %s', (engine) => {
  let place: StorePlace
  beforeEach(async () => {
    place = await createStorePlace(engine)
  })
  afterEach(() => place[Symbol.asyncDispose]())

  it('survive SIGKILL at any moment, in a log that is whole (AUD-2)', async () => {
    const promised: string[] = []
    for (const acks of [1, 500]) promised.push(...(await writeAndKill(place, acks)))
    if (engine === 'sqlite') checkFile(join(place.dataDir, 'peta.db'))
    await using store = await place.open()
    const stored = await storedIds(store)
    expect(promised.length).toBeGreaterThan(500)
    expect(promised.filter((id) => !stored.has(id))).toEqual([])
    for (const { log_id: logId, size } of await store.query('audit.logs', {})) {
      const [last] = (await store.query('audit.checkpoints', { logId, from: 0, to: 1e6 })).slice(-1)
      expect([logId, last?.size]).toEqual([logId, size])
    }
  })

  it.runIf(engine === 'postgres')(
    'stop when another process took the log over (AUD-30)',
    async () => {
      await using first = await place.open()
      await first.append([anEvent()])
      await using second = await place.open()
      await second.append([anEvent()])
      const zombie = anEvent()
      await expect(first.append([zombie])).rejects.toMatchObject({ code: 'audit_unavailable' })
      expect(await storedIds(second)).not.toContain(zombie.id)
    },
  )
})

function checkFile(path: string): void {
  using file = new DatabaseSync(path)
  expect(file.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
}

describe('a file of SQLite', () => {
  it.runIf(mayMount)(
    'acknowledges nothing that a full disk did not take, and recovers (STO-13)',
    async () => {
      await using place = await createStorePlace('sqlite')
      await using disk = await mountMemoryDisk(join(place.dataDir, 'disk'), 24 * MIB)
      const text = 'x'.repeat(200_000)
      const acked: string[] = []
      {
        await using store = await place.open({ dataDir: disk.path, reserveBytes: 8 * MIB })
        let failure: unknown
        while (!failure) {
          const event = {
            ...anEvent(),
            fields: `"type":"server.changed","detail":{"text":"${text}"}`,
          }
          failure = await store.append([event]).then(
            () => void acked.push(event.id),
            (error: unknown) => error,
          )
        }
        expect(failure).toMatchObject({ code: 'storage_full' })
        expect(store.state()).toBe('full')
        const call = draft({ type: 'call.decided', workspaceId: 'wsp_1', outcome: 'allowed' })
        await expect(store.append([call])).rejects.toMatchObject({ code: 'storage_full' })
        // The reserve was given up, so that people can still tidy up.
        await store.append([anEvent('tidying')])
      }
      await using again = await place.open({ dataDir: disk.path })
      const stored = await storedIds(again)
      expect(acked.length).toBeGreaterThan(10)
      expect(acked.filter((id) => !stored.has(id))).toEqual([])
    },
  )
})

describe('a lost connection to PostgreSQL', () => {
  let place: StorePlace
  beforeEach(async () => {
    place = await createStorePlace('postgres')
  })
  afterEach(() => place[Symbol.asyncDispose]())

  const cutAll = () =>
    place.database?.admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`,
      [new URL(place.database.url).pathname.slice(1)],
    )
  const whenReady = (store: Store) =>
    vi.waitFor(() => expect(store.state()).toBe('ready'), { timeout: 20_000, interval: 20 })

  it('refuses writes until it is made again, and then goes on by itself', async () => {
    await using store = await place.open()
    await store.append([anEvent()])
    await cutAll()
    await vi.waitFor(() => expect(store.state()).toBe('unavailable'), { interval: 1 })
    await expect(store.append([anEvent()])).rejects.toMatchObject({ code: 'store_unavailable' })
    await whenReady(store)
    const after = anEvent()
    await store.append([after])
    expect(await storedIds(store)).toContain(after.id)
  })

  it('loses nothing that was acknowledged and writes nothing twice (STO-34)', async () => {
    await using store = await place.open()
    const acked: string[] = []
    for (let round = 0; round < 5; round += 1) {
      const events = Array.from({ length: 300 }, () => anEvent())
      const write = async (event: AuditDraft): Promise<void> => {
        await store.append([event])
        acked.push(event.id)
      }
      const writes = Promise.allSettled(events.map(write))
      await cutAll()
      await writes
      await whenReady(store)
    }
    const last = anEvent()
    await store.append([last])
    const stored = await storedIds(store)
    const entries = (await store.query('audit.logs', {})).reduce((sum, { size }) => sum + size, 0)
    expect(acked.filter((id) => !stored.has(id))).toEqual([])
    expect(stored.size).toBe(entries)
  })
})
