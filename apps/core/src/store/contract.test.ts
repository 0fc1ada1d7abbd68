import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  createStorePlace,
  drafts,
  engines,
  type StorePlace,
} from '../../../../tests/support/stores.ts'
import type { AuditDrafts } from '../model/audit-event.ts'
import type { HintTopic, Store } from './store.ts'

const draft = drafts()
const anEvent = (workspaceId = 'wsp_1'): AuditDrafts => [
  draft({ type: 'server.changed', workspaceId }),
]
const lease = (name: string, owner = 'one', ttlMs = 60_000) => ({ name, owner, ttlMs })

describe.each(engines)('the store on %s (STO-1)', (engine) => {
  let place: StorePlace
  let store: Store

  beforeAll(async () => {
    place = await createStorePlace(engine)
    store = await place.open()
  })
  afterAll(async () => {
    await store[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  })

  const entries = async (): Promise<number> =>
    (await store.query('audit.logs', {})).reduce((sum, log) => sum + log.size, 0)

  it('reads what a resolved command wrote', async () => {
    const taken = await store.command('lease.acquire', lease('read-back'), anEvent())
    expect(taken).toMatchObject({ name: 'read-back', owner: 'one', token: 1 })
    expect(await store.query('lease.get', { name: 'read-back' })).toEqual(taken)
    expect(await store.query('lease.get', { name: 'never-written' })).toBeUndefined()
  })

  it('writes events with the change and in the order of asking (STO-36)', async () => {
    const before = await entries()
    await store.command('lease.acquire', lease('with-events'), [...anEvent(), ...anEvent()])
    expect(await entries()).toBe(before + 2)
  })

  it('undoes a failing command alone, with its events (STO-31)', async () => {
    const held = await store.housekeep('lease.acquire', lease('shared-batch'))
    const before = await entries()
    const lost = { name: 'shared-batch', owner: 'another', token: 1, ttlMs: 1000 }
    const answers = await Promise.allSettled([
      store.command('lease.acquire', lease('batch-a'), anEvent()),
      store.command('lease.renew', lost, anEvent()),
      store.append(anEvent()),
      store.command('lease.acquire', lease('batch-b'), anEvent()),
    ])
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    expect(answers[1]).toMatchObject({ reason: { code: 'lease_lost' } })
    expect(await entries()).toBe(before + 3)
    expect(await store.query('lease.get', { name: 'shared-batch' })).toEqual(held)
  })

  it('tells of a taken key as a conflict, and goes on (STO-26)', async () => {
    const link = {
      workspaceId: 'wsp_1',
      id: 'lnk_1',
      kind: 'setup',
      hash: new Uint8Array([1, 2, 255]),
      createdAtMs: 1,
      expiresAtMs: 2,
    } as const
    await store.command('identity.createLink', link, anEvent())
    await expect(store.command('identity.createLink', link, anEvent())).rejects.toMatchObject({
      code: 'conflict',
      facts: {},
    })
    const row = await store.query('identity.link', { workspaceId: 'wsp_1', id: 'lnk_1' })
    expect(row).toMatchObject({ hash: new Uint8Array([1, 2, 255]), user_id: null, used_at: null })
    expect(row?.hash.constructor).toBe(Uint8Array)
  })

  it('refuses arguments that the operation does not describe', async () => {
    for (const run of [
      () => store.housekeep('lease.acquire', lease('refused', 'one', 0)),
      () => store.query('audit.search', { workspaceId: 'wsp_1', limit: 5000 }),
    ]) {
      await expect(run()).rejects.toMatchObject({ code: 'invalid_request' })
    }
  })

  it('keeps text of every plane in keys as long as 512 bytes (STO-24)', async () => {
    const odd = `𝄞 \u{10ffff} "double" 'single' \\ % _ `
    const name = odd + 'é'.repeat((512 - Buffer.byteLength(odd)) / 2)
    await store.housekeep('lease.acquire', lease(name, '所有者'))
    expect(await store.query('lease.get', { name })).toMatchObject({ name, owner: '所有者' })
  })

  it('answers a repeated request with the first result, once (STO-35)', async () => {
    const before = await entries()
    const first = await store.command('lease.acquire', lease('once'), anEvent(), 'req_1')
    const again = await store.command('lease.acquire', lease('once'), anEvent(), 'req_1')
    expect(again).toEqual(first)
    expect(await store.query('lease.get', { name: 'once' })).toMatchObject({ token: 1 })
    expect(await entries()).toBe(before + 1)
  })

  it('keeps request ids of workspaces apart (STO-35)', async () => {
    await store.command('lease.acquire', lease('of-a'), anEvent('wsp_a'), 'req_2')
    await store.command('lease.acquire', lease('of-b'), anEvent('wsp_b'), 'req_2')
    expect(await store.query('lease.get', { name: 'of-b' })).toMatchObject({ token: 1 })
  })

  it('refuses a request id that comes with other content (STO-35)', async () => {
    await store.command('lease.acquire', lease('mismatch'), anEvent(), 'req_3')
    await expect(
      store.command('lease.acquire', lease('mismatch', 'other'), anEvent(), 'req_3'),
    ).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  })

  it('forgets nothing of a failed command under its request id: it may run again (STO-35)', async () => {
    const renewal = { name: 'later', owner: 'one', token: 1, ttlMs: 1000 }
    await expect(store.command('lease.renew', renewal, anEvent(), 'req_4')).rejects.toMatchObject({
      code: 'lease_lost',
    })
    await store.housekeep('lease.acquire', lease('later'))
    expect(await store.command('lease.renew', renewal, anEvent(), 'req_4')).toMatchObject({
      token: 1,
    })
  })

  it('keeps every one of a thousand writes at once, each event once', async () => {
    const before = await entries()
    const writes = Array.from({ length: 1000 }, (_, at) =>
      at % 10 === 0
        ? store.command('lease.acquire', lease(`many-${at}`), anEvent())
        : store.append(anEvent()),
    )
    await Promise.all(writes)
    expect(await entries()).toBe(before + 1000)
    expect(await store.query('lease.get', { name: 'many-990' })).toMatchObject({ token: 1 })
  })

  it('gives keyset pages without gaps or repeats while others write (STO-25)', async () => {
    const workspaceId = 'wsp_pages'
    const mine = Array.from({ length: 60 }, () => draft({ type: 'agent.changed', workspaceId }))
    await store.append(mine)
    const seen: string[] = []
    let before: { ts: number; logId: string; idx: number } | undefined
    for (;;) {
      const page = await store.query('audit.search', {
        workspaceId,
        limit: 7,
        ...(before && { before }),
      })
      await store.append([draft({ type: 'agent.changed', workspaceId })])
      seen.push(...page.map((row) => row.event_id))
      const last = page.at(-1)
      if (!last) break
      before = { ts: last.ts, logId: last.log_id, idx: last.idx }
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(mine.every(({ id }) => seen.includes(id))).toBe(true)
  })

  it('wakes those who watch a topic after the commit (STO-43)', async () => {
    const woken = new Set<HintTopic>()
    using watches = new DisposableStack()
    for (const topic of ['server', 'event', 'vault'] as const) {
      watches.use(store.hints.on(topic, () => void woken.add(topic)))
    }
    await store.command('lease.acquire', lease('hinted'), anEvent())
    expect([...woken].toSorted()).toEqual(['event', 'server'])
  })

  it('lets one owner have a lease, and the next with a higher token (STO-40)', async () => {
    const name = 'leader'
    const first = await store.housekeep('lease.acquire', lease(name))
    expect(await store.housekeep('lease.acquire', lease(name, 'two'))).toBeUndefined()
    await store.housekeep('lease.release', { name, owner: 'one', token: first?.token ?? 0 })
    expect(await store.housekeep('lease.acquire', lease(name, 'two'))).toMatchObject({ token: 2 })
    await expect(
      store.housekeep('lease.renew', { name, owner: 'one', token: 1, ttlMs: 1000 }),
    ).rejects.toMatchObject({ code: 'lease_lost' })
  })

  it('has everything after it was closed and opened again, and migrates nothing twice (STO-50)', async () => {
    const before = await entries()
    await store[Symbol.asyncDispose]()
    store = await place.open()
    expect(await store.query('lease.get', { name: 'read-back' })).toMatchObject({ owner: 'one' })
    await store.append(anEvent())
    expect(await entries()).toBe(before + 2)
  })

  it('records nothing before the log is armed, and keeps house all the same', async () => {
    await store[Symbol.asyncDispose]()
    store = await place.open({ isArmed: false })
    await expect(store.append(anEvent())).rejects.toMatchObject({ code: 'audit_unavailable' })
    await expect(
      store.command('lease.acquire', lease('unrecorded'), anEvent()),
    ).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect(await store.query('lease.get', { name: 'unrecorded' })).toBeUndefined()
    expect(await store.housekeep('lease.acquire', lease('kept'))).toMatchObject({ token: 1 })
  })
})
