import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { openSqlite, type SqliteConnection } from '../sqlite/database.ts'
import { migrateSqlite } from '../sqlite/migrate-sqlite.ts'
import { openTestStore } from '../testing.ts'
import { fence, systemCommands, type Lease } from './system.ts'

const NAME = 'audit/ins_1'
const TTL_MS = 1000
const OWNERS = ['one', 'two'] as const
type Owner = (typeof OWNERS)[number]

let sqlite: SqliteConnection
beforeEach(async () => {
  sqlite = openSqlite(':memory:')
  await migrateSqlite(sqlite, { path: ':memory:', nowMs: 0, appVersion: 'test' })
})
afterEach(() => sqlite[Symbol.dispose]())

const { 'lease.acquire': acquire, 'lease.renew': renew, 'lease.release': release } = systemCommands
const acquireBy = (owner: string, nowMs: number) =>
  acquire.run(sqlite.db, { name: NAME, owner, ttlMs: TTL_MS }, { nowMs })

/** Whether the effect of a holder would be written. */
const takesEffect = (lease: Lease, nowMs: number): Promise<boolean> =>
  fence(sqlite.db, lease, { nowMs }).then(
    () => true,
    () => false,
  )

describe('a lease (STO-40)', () => {
  it('is refused to others until it expires, to the millisecond', async () => {
    await acquireBy('one', 0)
    expect(await acquireBy('two', TTL_MS - 1)).toBeUndefined()
    expect(await acquireBy('two', TTL_MS)).toMatchObject({ owner: 'two', token: 2 })
  })

  it('fences what an owner does after it expired, even when nobody else has it', async () => {
    const lease = await acquireBy('one', 0)
    expect(lease && (await takesEffect(lease, TTL_MS - 1))).toBe(true)
    expect(lease && (await takesEffect(lease, TTL_MS))).toBe(false)
  })

  it('fences the same owner under an earlier token', async () => {
    const before = await acquireBy('one', 0)
    const after = await acquireBy('one', 1)
    expect(after?.token).toBe(2)
    expect(before && (await takesEffect(before, 2))).toBe(false)
  })

  it('is not brought back by renewing too late', async () => {
    const lease = await acquireBy('one', 0)
    const late = { name: NAME, owner: 'one', token: lease?.token ?? 0, ttlMs: TTL_MS }
    await expect(renew.run(sqlite.db, late, { nowMs: TTL_MS })).rejects.toMatchObject({
      code: 'lease_lost',
      facts: { lease: NAME },
    })
  })
})

type Step =
  | Readonly<{ do: 'acquire' | 'renew' | 'release' | 'act'; owner: Owner }>
  | Readonly<{ do: 'wait'; ms: number }>

const owner = fc.constantFrom(...OWNERS)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('acquire', 'renew', 'release', 'act'), owner }),
  // Pauses past expiry, and small steps of the clock, back as well.
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: -200, max: 1500 }) }),
)

/** Plays steps; each worker remembers only the lease that it was given last. */
async function play(steps: readonly Step[]) {
  const remembered = new Map<Owner, Lease>()
  const effects: Readonly<{ owner: Owner; token: number }>[] = []
  const tokens: number[] = []
  let nowMs = 10_000
  for (const one of steps) {
    if (one.do === 'wait') {
      nowMs += one.ms
      continue
    }
    const lease = remembered.get(one.owner)
    if (one.do === 'acquire') {
      const taken = await acquireBy(one.owner, nowMs)
      if (taken) remembered.set(one.owner, taken)
      if (taken) tokens.push(taken.token)
    } else if (lease && one.do === 'renew') {
      await renew
        .run(sqlite.db, { ...held(lease), ttlMs: TTL_MS }, { nowMs })
        .catch(() => undefined)
    } else if (lease && one.do === 'release') {
      await release.run(sqlite.db, held(lease), { nowMs })
    } else if (lease && (await takesEffect(lease, nowMs))) {
      effects.push({ owner: one.owner, token: lease.token })
    }
  }
  return { effects, tokens }
}

const held = ({ name, owner: by, token }: Lease) => ({ name, owner: by, token })

describe('a lease under crashes, pauses and clock steps (STO-40)', () => {
  it('gives each token to one owner, and lets no effect follow one of a later token', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      sqlite.raw.exec('delete from lease')
      const { effects, tokens } = await play(steps)
      expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
      expect(new Set(tokens).size).toBe(tokens.length)
      const fencing = effects.map(({ token }) => token)
      expect(fencing).toEqual(fencing.toSorted((a, b) => a - b))
      const owners = new Map(effects.map((effect) => [effect.token, effect.owner]))
      expect(effects.every((effect) => owners.get(effect.token) === effect.owner)).toBe(true)
    })
    await fc.assert(property, { numRuns: 150 })
  })
})

describe('request ids', () => {
  it('are forgotten after a day, and not before (STO-35)', async () => {
    const dayMs = 24 * 60 * 60 * 1000
    let nowMs = 1000
    await using store = await openTestStore({ clock: { nowMs: () => nowMs } })
    const event = {
      id: 'evt_1',
      tsMs: 0,
      workspaceId: 'wsp_1',
      type: 'server.changed',
      fields: '',
    } as const
    const acquireOnce = () =>
      store.command('lease.acquire', { name: 'a', owner: 'one', ttlMs: 1000 }, [event], 'req_1')
    await acquireOnce()
    nowMs += dayMs
    await store.housekeep('request.purge', { workspaceId: 'wsp_1' })
    expect(await acquireOnce()).toMatchObject({ token: 1 })
    nowMs += 1
    await store.housekeep('request.purge', { workspaceId: 'wsp_1' })
    expect(await acquireOnce()).toMatchObject({ token: 2 })
  })
})
