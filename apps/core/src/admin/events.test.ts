import type { AuditEventType, Role } from '@peta/contract'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { createDraft } from '../audit/event.ts'
import { createLogAppender, type ArmableAppender } from '../audit/log.ts'
import { createIds } from '../ground/ids.ts'
import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import { openTestStore } from '../store/testing.ts'
import { eventCommands } from './events.ts'

let nowMs: number
let store: Store
let appender: ArmableAppender
let isCurrent: boolean
let ending: AbortController

const clock = { nowMs: () => nowMs, monotonicUs: () => 0 }
const draft = createDraft({ clock, newId: createIds(clock) })

beforeEach(async () => {
  nowMs = 1_790_000_000_000
  isCurrent = true
  ending = new AbortController()
  appender = createLogAppender()
  store = await openTestStore({
    clock,
    appender: {
      append: (...args) => appender.append(...args),
      arm: (config) => appender.arm(config),
      forget: () => appender.forget(),
    },
  })
  startProcess()
})

afterEach(async () => {
  ending.abort()
  await store[Symbol.asyncDispose]()
})

/** Each process begins a log of its own, and ends the one before. */
function startProcess(): void {
  nowMs += 1000
  appender = createLogAppender()
  appender.arm({ deploymentId: 'dep_1', instanceId: 'ins_1', seed: Buffer.alloc(32, 7) })
}

const happen = (type: AuditEventType, target: string, workspaceId = 'wsp_1') =>
  store.append([draft({ type, workspaceId, target })])

type Watching = Readonly<{ role?: Role; lastEventId?: string }>
type Seen = Readonly<{ id: string; target: string }>

/** A watcher whose waits take no time, and whose heartbeats come when the clock says so. */
async function watch({ role = 'owner', lastEventId }: Watching = {}) {
  const { 'events.stream': stream } = eventCommands({
    store,
    nowMs: () => nowMs,
    sleep: (_ms, signal) =>
      new Promise((done) => {
        if (signal.aborted) done()
        setImmediate(done)
      }),
    isCurrent: async () => isCurrent,
    stopping: ending.signal,
  })
  const person: Person = {
    workspaceId: 'wsp_1',
    userId: 'usr_1',
    email: 'ana@example.com',
    name: 'Ana',
    role,
    groups: [],
    sessionId: 'ses_1',
  }
  const request = { person, lastEventId, signal: ending.signal }
  const rest = { params: { workspace: 'wsp_1' }, query: undefined, body: undefined }
  const pieces = await stream({ ...request, ...rest, requestId: 'req_1', clientIp: '' })
  const reader = pieces[Symbol.asyncIterator]()
  await reader.next()
  return {
    next: async () => (await reader.next()).value ?? 'the end',
    async see(count: number): Promise<readonly Seen[]> {
      const seen: Seen[] = []
      while (seen.length < count) seen.push(...framesOf((await reader.next()).value ?? ''))
      return seen
    },
  }
}

const framesOf = (text: string): readonly Seen[] =>
  [...text.matchAll(/^id: (\S+)\nevent: \S+\ndata: (\{.*\})$/gm)].map(([, id = '', data = '']) => ({
    id,
    target: String(JSON.parse(data).target),
  }))

const targets = (seen: readonly Seen[]): readonly string[] => seen.map(({ target }) => target)

it('shows what happens from now on, and nothing from before', async () => {
  await happen('agent.created', 'before')
  const watcher = await watch()
  await happen('agent.created', 'after')
  expect(targets(await watcher.see(1))).toEqual(['after'])
})

it('shows nothing of another workspace (SEC-54)', async () => {
  const watcher = await watch()
  await happen('agent.created', 'theirs', 'wsp_2')
  await happen('agent.created', 'ours')
  expect(targets(await watcher.see(1))).toEqual(['ours'])
})

it('goes on after any event without losing or repeating one, across restarts', async () => {
  const watcher = await watch()
  await happen('agent.created', 'a')
  await happen('agent.created', 'b')
  const [first] = await watcher.see(2)
  startProcess()
  await happen('agent.created', 'c')
  startProcess()
  await happen('agent.created', 'd')
  startProcess()
  await happen('agent.created', 'e')
  const resumed = await watch({ lastEventId: first?.id ?? '' })
  const seen = await resumed.see(4)
  expect(targets(seen)).toEqual(['b', 'c', 'd', 'e'])

  for (const [at, { id }] of seen.entries()) {
    await happen('agent.created', `after ${at}`)
    const again = await watch({ lastEventId: id })
    const expected = [...targets(seen), ...seen.map((_, n) => `after ${n}`).slice(0, at + 1)]
    const rest = expected.slice(at + 1)
    expect(targets(await again.see(rest.length))).toEqual(rest)
  }
})

it('shows more than one look holds, in order', async () => {
  const watcher = await watch()
  const names = Array.from({ length: 450 }, (_, n) => `agent ${n}`)
  await store.append(
    names.map((target) => draft({ type: 'agent.created', workspaceId: 'wsp_1', target })),
  )
  expect(targets(await watcher.see(450))).toEqual(names)
})

it.each(['nonsense', 'e30', Buffer.from('{"sinceMs":-1,"next":{}}').toString('base64url')])(
  'starts anew with a position that is none: %s',
  async (lastEventId) => {
    await happen('agent.created', 'before')
    const watcher = await watch({ lastEventId })
    await happen('agent.created', 'after')
    expect(targets(await watcher.see(1))).toEqual(['after'])
  },
)

it.each(['member', 'approver'] as const)(
  'shows a %s what waits for people, and nothing else',
  async (role) => {
    const watcher = await watch({ role })
    await happen('secret.created', 'hidden')
    await happen('login.succeeded', 'hidden')
    const approval = { id: 'apr_1', code: 'APR-1', revision: 1, bind: 'hidden' }
    const what = { workspaceId: 'wsp_1', target: 'hidden__tool', fields: { approval } }
    await store.append([draft({ type: 'approval.requested', ...what })])
    const text = await watcher.next()
    expect(text).toContain('"approval":{"id":"apr_1","code":"APR-1","revision":1}')
    expect(text).not.toContain('hidden')
  },
)

it('ends with the session that opened it (IDN-20)', async () => {
  const watcher = await watch()
  isCurrent = false
  await happen('agent.created', 'unseen')
  expect(await watcher.next()).toBe('the end')
})

it('ends when Core stops', async () => {
  const watcher = await watch()
  ending.abort()
  expect(await watcher.next()).toBe('the end')
})

it('says that it is there every 15 seconds of silence, and no sooner', async () => {
  const watcher = await watch()
  const next = watcher.next()
  nowMs += 14_999
  await happen('agent.created', 'theirs', 'wsp_2')
  nowMs += 1
  expect(await next).toBe(': still here\n\n')
})
