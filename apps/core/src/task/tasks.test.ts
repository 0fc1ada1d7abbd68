import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  createStorePlace,
  drafts,
  engines,
  type StorePlace,
} from '../../../../tests/support/stores.ts'
import type { Task, TaskRequest } from '../model/task.ts'
import type { Store } from '../store/store.ts'
import type { Place } from './dependencies.ts'
import type { Orphan } from './orphans.ts'
import { openTasks, type Tasks } from './tasks.ts'

const DAY_MS = 24 * 3_600_000
const CANARY = 'canary-in-a-request'

const request: TaskRequest = {
  agentId: 'agt_1',
  tokenId: 'tok_1',
  profile: 'bare',
  clientIp: '127.0.0.1',
  bytes: Buffer.from(`{"method":"tools/call","text":"${CANARY}"}`),
}

/** Bound to its place, and no plain text: all that tasks rely on. */
const box = {
  async sealData(place: Place, bytes: Uint8Array) {
    return Buffer.from(`${JSON.stringify(place)}|${Buffer.from(bytes).toString('base64')}`)
  },
  async openData(place: Place, blob: Uint8Array) {
    const [at, text = ''] = Buffer.from(blob).toString().split('|')
    if (at !== JSON.stringify(place)) throw new Error('sealed for another place')
    return Buffer.from(text, 'base64')
  },
}

describe.each(engines)('tasks on %s', (engine) => {
  let place: StorePlace
  let store: Store
  let tasks: Tasks
  let owners = 0

  const processOf = (runner: string): Promise<Tasks> =>
    openTasks({
      store,
      ...box,
      runner,
      timers: { every: () => ({ [Symbol.dispose]() {} }) },
      log: { warn: () => undefined },
    })
  const newOwner = (): string => `owner ${(owners += 1)}`
  const opened = (over: Partial<Parameters<Tasks['open']>[0]> = {}): Promise<Task> =>
    tasks.open({ workspaceId: 'wsp_1', owner: newOwner(), request, keepMs: DAY_MS, ...over })

  beforeAll(async () => {
    place = await createStorePlace(engine)
    store = await place.open()
    await addWorkspace(store)
    tasks = await processOf('one')
  })
  afterAll(async () => {
    await tasks[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  })

  it('are there as soon as they were made, under an id that nobody guesses (MCP-134)', async () => {
    const task = await opened({ approvalId: 'apr_1' })
    expect(await tasks.read(task)).toMatchObject({ ...task, nowMs: expect.any(Number) })
    expect(task).toMatchObject({ state: 'working', approvalId: 'apr_1' })
    expect(task.expiresAtMs - task.createdAtMs).toBe(DAY_MS)
    expect(Buffer.from(task.id, 'base64url').length * 8).toBeGreaterThanOrEqual(128)
    expect((await opened()).id).not.toBe(task.id)
  })

  it('do not exist for another owner or in another workspace (MCP-134)', async () => {
    const task = await opened()
    for (const foreign of [{ owner: 'another' }, { workspaceId: 'wsp_2' }, { id: 'unknown' }]) {
      const key = { ...task, ...foreign }
      expect(await tasks.read(key)).toBeUndefined()
      expect(await tasks.cancel(key)).toBe(false)
    }
    expect(await tasks.read(task)).toMatchObject({ state: 'working' })
  })

  it('give what they came to until they are forgotten, however large (MCP-135)', async () => {
    const outcome = Buffer.from(JSON.stringify({ text: 'x'.repeat(3_000_000) }))
    const task = await opened()
    expect(await tasks.end(task, { state: 'completed', outcome })).toBe(true)
    const read = await tasks.read(task)
    expect(read).toMatchObject({ state: 'completed' })
    expect(read?.outcome?.equals(outcome)).toBe(true)
  })

  it('end once, whichever end comes first', async () => {
    const done = await opened()
    const outcome = Buffer.from('{}')
    expect(await tasks.end(done, { state: 'failed', outcome })).toBe(true)
    expect(await tasks.cancel(done)).toBe(false)
    expect(await tasks.end(done, { state: 'completed', outcome })).toBe(false)
    expect(await tasks.read(done)).toMatchObject({ state: 'failed' })

    const cancelled = await opened()
    expect(await tasks.cancel(cancelled)).toBe(true)
    expect(await tasks.end(cancelled, { state: 'completed', outcome })).toBe(false)
    expect(await tasks.read(cancelled)).toMatchObject({ state: 'cancelled' })
  })

  it('lie in the database encrypted, request and outcome (MCP-135)', async () => {
    const task = await opened()
    await tasks.end(task, { state: 'completed', outcome: Buffer.from(`"${CANARY}"`) })
    const rows = await store.housekeep('task.take', { runner: 'one', leaseMs: 0, limit: 1 })
    expect(Buffer.from(JSON.stringify(rows)).includes(CANARY)).toBe(false)
    const found = await store.query('task.one', keyOf(task))
    expect(found?.parts.map((part) => Buffer.from(part).includes(CANARY))).toEqual([false])
  })

  it('are listed newest first, page by page, each owner’s to it alone (MCP-138)', async () => {
    const owner = newOwner()
    const made = []
    for (let count = 0; count < 5; count += 1) made.push((await opened({ owner })).id)
    await opened()
    const first = await tasks.list({ workspaceId: 'wsp_1', owner, limit: 3 })
    const [, , before] = first
    const rest = await tasks.list({
      workspaceId: 'wsp_1',
      owner,
      limit: 3,
      ...(before && { before }),
    })
    const listed = [...first, ...rest].map(({ id }) => id)
    expect(listed.toSorted()).toEqual(made.toSorted())
    expect(first.length).toBe(3)
  })

  it('are forgotten when their time is over, with what they came to', async () => {
    const task = await opened({ keepMs: 0 })
    await tasks.end(task, { state: 'completed', outcome: Buffer.from('{}') })
    expect(await tasks.read(task)).toBeUndefined()
    await store.housekeep('task.forget', {})
    const { tasks: left } = await store.query('task.ofOwner', {
      workspaceId: 'wsp_1',
      owner: task.owner,
      limit: 10,
    })
    expect(left).toEqual([])
  })

  it('are as many as one owner may keep', async () => {
    const owner = newOwner()
    const draft = { owner, id: 'x', ...rowOf, perOwnerMax: 1 }
    await store.housekeep('task.open', draft)
    await expect(store.housekeep('task.open', { ...draft, id: 'y' })).rejects.toMatchObject({
      code: 'calls_limited',
    })
  })

  describe('whose process is gone', () => {
    it('go to the next one, once, with their request', async () => {
      const owner = newOwner()
      const task = await (
        await processOf('gone')
      ).open({
        workspaceId: 'wsp_1',
        owner,
        request,
        keepMs: DAY_MS,
        approvalId: 'apr_2',
      })
      const own = (orphans: readonly Orphan[]) => orphans.filter((one) => one.task.owner === owner)
      const early = await takenBy('early')
      expect(own(early)).toEqual([])
      await store.housekeep('task.release', { runner: 'gone' })
      const [first, second] = await Promise.all([takenBy('two'), takenBy('three')])
      const taken = own([...first, ...second])
      expect(taken).toMatchObject([{ task: { id: task.id, approvalId: 'apr_2' }, request }])
    })

    it('are told of nothing by it any more', async () => {
      const gone = await processOf('paused')
      const task = await gone.open({
        workspaceId: 'wsp_1',
        owner: newOwner(),
        request,
        keepMs: DAY_MS,
      })
      await store.housekeep('task.release', { runner: 'paused' })
      await takenBy('four')
      expect(await gone.end(task, { state: 'completed', outcome: Buffer.from('{}') })).toBe(false)
      expect(await tasks.read(task)).toMatchObject({ state: 'working' })
    })

    it('go on where it starts again under its name', async () => {
      const owner = newOwner()
      const five = await processOf('five')
      await five.open({ workspaceId: 'wsp_1', owner, request, keepMs: DAY_MS })
      expect((await takenBy('five')).map(({ task }) => task.owner)).toContain(owner)
    })
  })

  async function takenBy(runner: string): Promise<readonly Orphan[]> {
    const taken: Orphan[] = []
    const one = await processOf(runner)
    await one.adopt((orphan) => taken.push(orphan))
    return taken
  }
})

const keyOf = ({ workspaceId, owner, id }: Task) => ({ workspaceId, owner, id })

const rowOf = {
  workspaceId: 'wsp_1',
  agentId: 'agt_1',
  tokenId: 'tok_1',
  profile: '',
  clientIp: '',
  request: new Uint8Array(1),
  keepMs: DAY_MS,
  runner: 'one',
  leaseMs: DAY_MS,
}

async function addWorkspace(store: Store): Promise<void> {
  const draft = drafts()
  const link = { workspaceId: 'wsp_1', id: 'lnk_1' }
  const hash = new Uint8Array([1])
  const event = () => draft({ type: 'setup.completed', workspaceId: 'wsp_1' })
  const times = { createdAtMs: 1, expiresAtMs: 3 }
  await store.command('identity.createLink', { ...link, kind: 'setup', hash, ...times }, [event()])
  const session = { id: 'ses_1', userId: 'usr_1', hash, createdAtMs: 1, endsAtMs: 3 }
  const user = { id: 'usr_1', email: 'ana@example.com', name: 'Ana' }
  const workspace = { id: 'wsp_1', name: 'One' }
  const setup = { link, atMs: 2, workspace, user, session }
  await store.command('identity.completeSetup', setup, [event()])
}
