import { afterEach, describe, expect, it } from 'vitest'

import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import { createLog } from '../ground/log.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { HintTopic, Store } from '../store/store.ts'
import { openTestStore, type TestStore } from '../store/testing.ts'
import { initialPolicy } from './initial-policy.ts'
import { openPolicy, type Policy } from './policy.ts'
import type { DraftPolicyEvent } from './publish.ts'
import { ana, around, call, payout, stripe } from './testing.ts'

const workspaceId = 'ws_1'
const author = 'usr_ana'
const ALLOW = `rules:
  - id: all
    scope: {principals: [group:finance, agent-label:owned], actions: [tool.call], resources: [any]}
    effect: allow
`
const DENY = ALLOW.replace('effect: allow', 'effect: deny')

function createTestClock(): Clock & { advanceMs: (ms: number) => void } {
  let nowMs = Date.UTC(2026, 0, 1)
  return {
    nowMs: () => nowMs,
    monotonicUs: () => nowMs * 1000,
    advanceMs: (ms) => void (nowMs += ms),
  }
}

const draft: DraftPolicyEvent = ({ fields, ...event }) => ({
  ...event,
  id: `evt_${event.type}`,
  tsMs: 0,
  fields: JSON.stringify(fields).slice(1, -1),
})

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})

type Replica = Readonly<{
  policy: Policy
  wake: () => Promise<void>
  fail: (isDown: boolean) => void
}>

/** One process over a store: its hints come when the test says so, and its database can be away. */
async function openReplica(store: TestStore, clock: Clock, over = around): Promise<Replica> {
  let isDown = false
  const listeners = new Set<() => void>()
  const query: Store['query'] = (name, args) =>
    isDown ? Promise.reject(new CoreError('store_unavailable')) : store.query(name, args)
  const hints = {
    on(_topic: HintTopic, wake: () => void) {
      listeners.add(wake)
      return { [Symbol.dispose]: () => void listeners.delete(wake) }
    },
  }
  const policy = await openPolicy({
    store: { query, command: store.command, append: store.append, hints },
    clock,
    draft,
    catalogue: async () => over.catalogue,
    directory: async () => over.directory,
    log: createLog('silent'),
  })
  open.push(policy)
  return {
    policy,
    async wake() {
      for (const listener of listeners) listener()
      await store.query('policy.actives', {})
      await new Promise((resolve) => setImmediate(resolve))
      await store.query('policy.actives', {})
    },
    fail(down) {
      isDown = down
    },
  }
}

/** A workspace comes to be by set-up and in no other way. */
async function addWorkspace(store: TestStore): Promise<void> {
  const link = { workspaceId: '', id: 'lnk_1' }
  const times = { createdAtMs: 0, expiresAtMs: Number.MAX_SAFE_INTEGER }
  const event = {
    id: 'evt',
    tsMs: 0,
    workspaceId: '',
    type: 'setup.completed',
    fields: '',
  } as const
  await store.command(
    'identity.createLink',
    { ...link, ...times, kind: 'setup', hash: new Uint8Array(32) },
    [event],
  )
  await store.command(
    'identity.completeSetup',
    {
      link,
      atMs: 0,
      workspace: { id: workspaceId, name: 'Test' },
      user: { id: author, email: 'ana@corp.test', name: 'Ana' },
      session: {
        id: 'ses_1',
        userId: author,
        hash: new Uint8Array(32),
        createdAtMs: 0,
        endsAtMs: 1,
      },
    },
    [event],
  )
}

const policyEvents = (store: TestStore): readonly AuditDraft[] =>
  store.drafts().filter(({ type }) => type.startsWith('policy.'))

async function openWorkspace() {
  const clock = createTestClock()
  const store = await openTestStore({ clock })
  open.push(store)
  await addWorkspace(store)
  const replica = await openReplica(store, clock)
  return { clock, store, ...replica }
}

const publish = (policy: Policy, source: string, base: number) =>
  policy.publish({ workspaceId, base, source, author, reason: 'test' })

const types = (store: TestStore) => policyEvents(store).map(({ type }) => type)

describe('publishing (POL-24)', () => {
  it('makes a version that decides at once, with its event', async () => {
    const { policy, store } = await openWorkspace()
    expect(policy.decide(ana, call()).effect).toBe('deny')
    expect(await publish(policy, ALLOW, 0)).toMatchObject({ state: 'published', version: 1 })
    expect(policy.decide(ana, call())).toMatchObject({ effect: 'allow', policyVersion: 1 })
    expect(policy.isListed(ana, stripe, payout)).toBe(true)
    expect(types(store)).toEqual(['policy.version_published'])
    expect(policyEvents(store)[0]?.fields).toContain('"changes":{"added":["all"]')
  })

  it('lets one of two win that were written on the same base', async () => {
    const { policy, store } = await openWorkspace()
    await publish(policy, ALLOW, 0)
    const results = await Promise.allSettled([publish(policy, DENY, 1), publish(policy, ALLOW, 1)])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const rejected = results.find((result) => result.status === 'rejected')
    expect(rejected?.reason).toMatchObject({ code: 'base_moved', facts: { active: 2 } })
    expect(policy.version(workspaceId)).toBe(2)
    expect(types(store)).toHaveLength(2)
  })

  it('lets one of two win that were both the first', async () => {
    const { policy } = await openWorkspace()
    const results = await Promise.allSettled([publish(policy, ALLOW, 0), publish(policy, DENY, 0)])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it('publishes nothing with an error in it, and says that it was tried', async () => {
    const { policy, store } = await openWorkspace()
    const outcome = await publish(policy, ALLOW.replace('finance', 'fnance'), 0)
    expect(outcome).toMatchObject({ state: 'refused', report: [{ code: 'unknown_reference' }] })
    expect(policy.version(workspaceId)).toBe(0)
    expect(types(store)).toEqual(['policy.publish_refused'])
  })

  it('takes the first version of a new workspace (POL-19)', async () => {
    const { policy } = await openWorkspace()
    expect(await publish(policy, initialPolicy, 0)).toMatchObject({
      state: 'published',
      report: [],
    })
    expect(policy.decide(ana, call())).toMatchObject({ effect: 'deny', reason: 'no_rule' })
  })

  it('keeps the text to the byte, comments included (POL-23)', async () => {
    const { policy } = await openWorkspace()
    const commented = `# why\n${ALLOW}  # after\n`
    await publish(policy, commented, 0)
    const version = await policy.read(workspaceId, 1)
    expect(version).toMatchObject({ source: commented, author, base: 0, isActive: true })
    expect(version?.digest).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('versions', () => {
  it('roll back by publishing an old text anew (POL-25)', async () => {
    const { policy, store } = await openWorkspace()
    await publish(policy, ALLOW, 0)
    await publish(policy, DENY, 1)
    expect(policy.decide(ana, call()).effect).toBe('deny')
    const outcome = await policy.rollback({ workspaceId, base: 2, to: 1, author, reason: 'oops' })
    expect(outcome).toMatchObject({ state: 'published', version: 3 })
    expect(policy.decide(ana, call())).toMatchObject({ effect: 'allow', policyVersion: 3 })
    expect(types(store).at(-1)).toBe('policy.version_rolled_back')
    const listed = await policy.versions(workspaceId)
    expect(listed.map(({ version, isActive }) => [version, isActive])).toEqual([
      [3, true],
      [2, false],
      [1, false],
    ])
    expect(await policy.versions(workspaceId, { before: 3, limit: 1 })).toMatchObject([
      { version: 2 },
    ])
  })

  it('check an old text against what exists today (POL-25)', async () => {
    const { policy, store, clock } = await openWorkspace()
    await publish(policy, ALLOW, 0)
    const directory = { ...around.directory, groups: [] }
    const later = await openReplica(store, clock, { ...around, directory })
    const outcome = await later.policy.rollback({ workspaceId, base: 1, to: 1, author, reason: '' })
    expect(outcome).toMatchObject({ state: 'refused', report: [{ code: 'unknown_reference' }] })
  })

  it('differ by rule and field (POL-29)', async () => {
    const { policy } = await openWorkspace()
    await publish(policy, ALLOW, 0)
    await publish(policy, `${DENY}vars: {x: 1}\n`, 1)
    expect(await policy.diff(workspaceId, 1, 2)).toEqual({
      added: [],
      removed: [],
      changed: [{ rule: 'all', fields: ['effect'] }],
      vars: ['x'],
    })
    await expect(policy.diff(workspaceId, 1, 9)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('replicas (POL-30)', () => {
  it('learn of a version that another one published', async () => {
    const { policy, store, clock } = await openWorkspace()
    await publish(policy, ALLOW, 0)
    const other = await openReplica(store, clock)
    expect(other.policy.decide(ana, call()).effect).toBe('allow')
    const changed: string[] = []
    other.policy.onChange((id) => changed.push(id))
    await publish(policy, DENY, 1)
    await other.wake()
    expect(other.policy.decide(ana, call())).toMatchObject({ effect: 'deny', policyVersion: 2 })
    expect(changed).toEqual([workspaceId])
  })

  it('deny everything two seconds after they last knew what is active, and recover', async () => {
    const { policy, clock, wake, fail } = await openWorkspace()
    await publish(policy, ALLOW, 0)
    fail(true)
    clock.advanceMs(2000)
    await wake()
    expect(policy.decide(ana, call()).effect).toBe('allow')
    clock.advanceMs(1)
    expect(policy.decide(ana, call())).toMatchObject({ effect: 'deny', reason: 'policy_stale' })
    expect(policy.isListed(ana, stripe, payout)).toBe(false)
    expect(policy.confirmedVersion(workspaceId)).toBe(0)
    fail(false)
    await wake()
    expect(policy.decide(ana, call()).effect).toBe('allow')
    expect(policy.confirmedVersion(workspaceId)).toBe(1)
  })

  it('deny a workspace that they know nothing of', async () => {
    const { policy } = await openWorkspace()
    const stranger = { ...ana, workspaceId: 'ws_2' }
    expect(policy.decide(stranger, call())).toMatchObject({
      effect: 'deny',
      reason: 'policy_stale',
    })
  })
})

describe('explaining (POL-31)', () => {
  it('values each part of a condition by itself, and each side of the principal', async () => {
    const { policy } = await openWorkspace()
    const asking = `${ALLOW}  - id: large
    scope: {principals: [group:finance], actions: [tool.call], resources: [any]}
    effect: require_approval
    gate: true
    when: args.amount > 10.0 && args.memo.contains("x")
`
    await publish(policy, asking, 0)
    const explained = policy.explain(ana, call({ args: { amount: 50, memo: 'y' } }))
    expect(explained).toMatchObject({
      decision: { effect: 'allow' },
      facets: { user: 'allow', agent: 'allow' },
    })
    expect(explained.rules.find(({ rule }) => rule === 'large')).toMatchObject({
      outcome: 'false',
      user: true,
      agent: false,
      clauses: [
        { text: 'args.amount > 10.0', value: 'true' },
        { text: 'args.memo.contains("x")', value: 'false' },
      ],
    })
  })

  it('says the same as a decision', async () => {
    const { policy } = await openWorkspace()
    await publish(policy, ALLOW, 0)
    expect(policy.explain(ana, call()).decision).toEqual(policy.decide(ana, call()))
  })
})
