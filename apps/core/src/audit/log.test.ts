import {
  appendLeaves,
  emptyFrontier,
  leafHash,
  openNote,
  parseCheckpoint,
  publicKeyOf,
  rootOf,
} from '@peta/proof'
import { beforeEach, describe, expect, it } from 'vitest'

import { createIds } from '../ground/ids.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { Store } from '../store/store.ts'
import { openTestStore } from '../store/testing.ts'
import { createDraft, type EventDescription } from './event.ts'
import { createLogAppender, type ArmableAppender } from './log.ts'
import { TILE_WIDTH } from './tiles.ts'

const clock = { nowMs: () => 1_790_000_000_000, monotonicUs: () => 0 }
const draft = createDraft({ clock, newId: createIds(clock) })
const config = { deploymentId: 'dep_1', instanceId: 'ins_1', seed: Buffer.alloc(32, 7) }
const anEvent = (over: Partial<EventDescription> = {}): AuditDraft =>
  draft({ type: 'audit.read', workspaceId: 'wsp_1', ...over })
const many = (count: number) => Array.from({ length: count }, () => anEvent())

/** The appender of a new process on the same database. */
type Process = Readonly<{ appender: ArmableAppender; append: Store['append'] }>
let current: ArmableAppender
let store: Store

beforeEach(async () => {
  current = createLogAppender()
  store = await openTestStore({
    clock,
    appender: {
      append: (...args) => current.append(...args),
      arm: (next) => current.arm(next),
      forget: () => current.forget(),
    },
  })
})

function startProcess(over: Partial<typeof config> = {}): Process {
  const appender = createLogAppender()
  appender.arm({ ...config, ...over })
  return {
    appender,
    append: (events) => {
      current = appender
      return store.append(events)
    },
  }
}

async function read(logId: string) {
  const entries = await store.query('audit.entries', { logId, from: 0, to: 1000 })
  const bodies = entries.map((row): unknown => JSON.parse(Buffer.from(row.body ?? []).toString()))
  const checkpoints = await store.query('audit.checkpoints', { logId, from: 0, to: 1000 })
  return { entries, bodies, checkpoints }
}

describe('the log', () => {
  it('refuses everything until it is armed with the signing key (AUD-22)', async () => {
    await expect(store.append([anEvent()])).rejects.toMatchObject({ code: 'audit_unavailable' })
    current.arm(config)
    await expect(store.append([anEvent()])).resolves.toBeUndefined()
  })

  it('numbers entries without a gap and stores the bytes that were hashed (AUD-21, AUD-31)', async () => {
    const { append } = startProcess()
    await append(many(3))
    await append([anEvent({ target: 'é "quoted"', outcome: 'executed' })])
    const { entries, bodies } = await read('ins_1/1')
    expect(entries.map((row) => row.idx)).toEqual([0, 1, 2, 3, 4])
    for (const { body, leaf } of entries)
      expect(leafHash(body ?? Buffer.alloc(0))).toEqual(Buffer.from(leaf))
    expect(bodies[0]).toMatchObject({ type: 'log.opened', idx: 0 })
    expect(bodies[4]).toMatchObject({
      v: 1,
      log_id: 'ins_1/1',
      idx: 4,
      ts: clock.nowMs(),
      workspace_id: 'wsp_1',
      target: { name: 'é "quoted"' },
    })
  })

  it('signs one checkpoint per batch, of exactly what is stored (AUD-34)', async () => {
    const { append } = startProcess()
    await append(many(2))
    await append(many(5))
    const { entries, checkpoints } = await read('ins_1/1')
    expect(checkpoints.map(({ size }) => size)).toEqual([3, 8])
    for (const { size, note } of checkpoints) {
      const name = 'peta/dep_1/ins_1/1'
      const text = openNote(note, name, [publicKeyOf(config.seed)]) ?? ''
      const leaves = entries.slice(0, size).map((row) => row.leaf)
      const root = Buffer.from(rootOf(appendLeaves(emptyFrontier, leaves)))
      expect(parseCheckpoint(text)).toEqual({ origin: name, size, root })
    }
  })

  it('continues from the old head when a batch did not commit', async () => {
    const { append } = startProcess()
    await append(many(1))
    const unstorable = { ...anEvent(), tsMs: Number.NaN }
    await expect(append([unstorable])).rejects.toThrow(/./)
    await append(many(1))
    const { entries, checkpoints } = await read('ins_1/1')
    expect(entries.map((row) => row.idx)).toEqual([0, 1, 2])
    expect(checkpoints.map(({ size }) => size)).toEqual([2, 3])
  })
})

describe('a commit that nobody knows the end of', () => {
  /** Appends, but is never told that the batch was committed. */
  const unheard = (appender: ArmableAppender): ArmableAppender => ({
    ...appender,
    async append(...args) {
      await appender.append(...args)
      return { committed: () => appender.forget() }
    },
  })

  it.each([0, 2])('is found to have counted, after %i batches that are known', async (known) => {
    const { appender, append } = startProcess()
    for (let batch = 0; batch < known; batch++) await append(many(1))
    current = unheard(appender)
    await store.append(many(3))
    await append(many(1))
    const { entries, bodies } = await read('ins_1/1')
    expect(entries.map((row) => row.idx)).toEqual([...Array.from({ length: known + 5 }).keys()])
    expect(bodies.filter((body) => JSON.stringify(body).includes('log.opened')).length).toBe(1)
    expect((await store.query('audit.logs', {})).length).toBe(1)
  })

  it.each([0, 2])(
    'is found not to have counted, after %i batches that are known',
    async (known) => {
      const { appender, append } = startProcess()
      for (let batch = 0; batch < known; batch++) await append(many(1))
      current = {
        ...appender,
        async append(...args) {
          await appender.append(...args)
          appender.forget()
          throw new Error('rolled back')
        },
      }
      await expect(store.append(many(3))).rejects.toThrow(/./)
      await append(many(1))
      const { entries } = await read('ins_1/1')
      expect(entries.map((row) => row.idx)).toEqual([...Array.from({ length: known + 2 }).keys()])
    },
  )

  it('does not win a lost log back', async () => {
    const zombie = startProcess()
    await zombie.append(many(1))
    const successor = startProcess()
    await successor.append(many(1))
    zombie.appender.forget()
    await expect(zombie.append(many(1))).rejects.toMatchObject({ code: 'audit_unavailable' })
    await successor.append(many(1))
    expect((await read('ins_1/2')).entries.length).toBe(3)
  })
})

describe('an epoch', () => {
  it('begins with every start, naming the last size and root of the one before (AUD-30, AUD-32)', async () => {
    await startProcess().append(many(4))
    await startProcess().append(many(1))
    const { bodies } = await read('ins_1/2')
    const { entries } = await read('ins_1/1')
    const root = rootOf(
      appendLeaves(
        emptyFrontier,
        entries.map((row) => row.leaf),
      ),
    )
    expect(bodies[0]).toMatchObject({
      type: 'log.opened',
      detail: {
        previous: { log_id: 'ins_1/1', size: 5, root: Buffer.from(root).toString('base64') },
      },
    })
  })

  it('takes the log from its writer: a zombie commits nothing, and never again (AUD-30)', async () => {
    const zombie = startProcess()
    await zombie.append(many(2))
    const successor = startProcess()
    await successor.append(many(1))
    await expect(zombie.append(many(1))).rejects.toMatchObject({ code: 'audit_unavailable' })
    await successor.append(many(1))
    await expect(zombie.append(many(1))).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect((await read('ins_1/1')).entries.length).toBe(3)
    expect((await read('ins_1/2')).entries.length).toBe(3)
  })

  it('leaves the logs of other instances alone', async () => {
    const a = startProcess()
    const b = startProcess({ instanceId: 'ins_2' })
    await a.append(many(1))
    await b.append(many(1))
    await a.append(many(1))
    expect((await read('ins_1/1')).entries.length).toBe(3)
    expect((await read('ins_2/1')).entries.length).toBe(2)
  })

  it('ends with log.closed, after which nothing is appended (AUD-32)', async () => {
    const { append } = startProcess()
    await append([anEvent(), anEvent({ type: 'log.closed', workspaceId: '' })])
    await expect(append(many(1))).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect(await store.query('audit.logs', {})).toMatchObject([{ closed_at: clock.nowMs() }])
  })

  it('says so when what is stored of the last log does not give its signed root (AUD-43)', async () => {
    const tampering = createLogAppender()
    const { append } = startProcess()
    await append(many(3))
    current = {
      ...tampering,
      async append({ db }) {
        await db
          .updateTable('audit_event')
          .set({ leaf: Buffer.alloc(32) })
          .where('idx', '=', 1)
          .execute()
        return { committed: () => undefined }
      },
    }
    await store.append(many(1))
    await startProcess().append(many(1))
    const { bodies } = await read('ins_1/2')
    expect(bodies.slice(0, 2)).toMatchObject([
      { type: 'log.opened' },
      { type: 'audit.verify_failed', detail: { log: { log_id: 'ins_1/1' } } },
    ])
  })

  it('finds nothing wrong with a log of several full tiles (AUD-31)', async () => {
    const { append } = startProcess()
    for (const count of [TILE_WIDTH - 1, 300, 1, 77]) await append(many(count))
    await startProcess().append(many(1))
    const { bodies } = await read('ins_1/2')
    expect(bodies).toMatchObject([{ type: 'log.opened' }, { type: 'audit.read' }])
  })
})
