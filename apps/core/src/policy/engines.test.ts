import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  createStorePlace,
  drafts,
  engines,
  type StorePlace,
} from '../../../../tests/support/stores.ts'
import { systemClock } from '../ground/clock.ts'
import { createLog } from '../ground/log.ts'
import type { Store } from '../store/store.ts'
import { openPolicy, type Policy } from './policy.ts'
import { around, call, ana } from './testing.ts'

const workspaceId = ana.workspaceId
const author = 'usr_ana'
const RULES = `rules: # of the first version
  - id: all
    scope: {principals: [group:finance, agent-label:owned], actions: [tool.call], resources: [any]}
    effect: allow
`
const GUARDED = `${RULES}  - id: guard
    scope: {principals: [any], actions: [tool.call], resources: ["label:destructive"]}
    effect: deny
    guardrail: true
`

/** The same guarantees over the real threads of both engines. Tests go on from each other's last version. */
describe.each(engines)('rules on %s (POL-63)', (engine) => {
  let place: StorePlace
  let store: Store
  let policy: Policy

  beforeAll(async () => {
    place = await createStorePlace(engine)
    store = await place.open()
    await addWorkspace(store)
    policy = await openReplica(store)
  })

  afterAll(async () => {
    await policy?.[Symbol.asyncDispose]()
    await store?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const base = (): number => policy.version(workspaceId)
  const publish = (source: string, on = base(), through = policy) =>
    through.publish({ workspaceId, base: on, source, author, reason: 'a reason' })
  const eventTypes = async (): Promise<readonly string[]> => {
    const entries = await store.query('audit.search', { workspaceId, limit: 50 })
    return entries.map(({ type }) => type).filter((type) => type.startsWith('policy.'))
  }

  it('deny everything before the first version', () => {
    expect(base()).toBe(0)
    expect(policy.decide(ana, call()).effect).toBe('deny')
  })

  it('decide as soon as they are published, and are kept to the byte (POL-24, POL-23)', async () => {
    expect(await publish(RULES)).toMatchObject({ state: 'published', version: 1, report: [] })
    expect(policy.decide(ana, call())).toMatchObject({ effect: 'allow', policyVersion: 1 })
    expect(await policy.read(workspaceId, 1)).toMatchObject({
      source: RULES,
      author,
      reason: 'a reason',
      base: 0,
      isActive: true,
    })
  })

  it('let one of ten win that were written on one base (POL-24)', async () => {
    const on = base()
    const sources = Array.from({ length: 10 }, (_, at) => `${RULES}# ${at}\n`)
    const settled = await Promise.allSettled(sources.map((source) => publish(source, on)))
    const lost = settled.filter((one) => one.status === 'rejected')
    expect(lost).toHaveLength(9)
    for (const { reason } of lost) expect(reason).toMatchObject({ code: 'base_moved' })
    expect(base()).toBe(on + 1)
    expect(await policy.read(workspaceId, on + 2)).toBeUndefined()
  })

  it('let no second first version be (POL-24)', async () => {
    await expect(publish(RULES, 0)).rejects.toMatchObject({ code: 'base_moved' })
  })

  it('are taken into use by another replica when it looks (POL-30)', async () => {
    await using other = await openReplica(store)
    const seen = Promise.withResolvers<string>()
    other.onChange(seen.resolve)
    await publish(RULES.replace('allow', 'deny'))
    expect(await seen.promise).toBe(workspaceId)
    expect(other.decide(ana, call())).toMatchObject({ effect: 'deny', policyVersion: base() })
  })

  it('come back as a version of their own (POL-25)', async () => {
    const on = base()
    const asked = { workspaceId, base: on, to: 1, author, reason: 'oops' }
    expect(await policy.rollback(asked)).toMatchObject({ state: 'published', version: on + 1 })
    const { source } = (await policy.read(workspaceId, base())) ?? {}
    expect(source).toBe(RULES)
    expect((await policy.versions(workspaceId)).map(({ version }) => version)).toEqual(
      Array.from({ length: on + 1 }, (_, at) => on + 1 - at),
    )
    expect(await eventTypes()).toContain('policy.version_rolled_back')
  })

  // Publishing an old text is a way to remove a guardrail, and so is publishing on an old base.
  it('keep a guardrail from one of two administrators, whichever way is taken (POL-1)', async () => {
    await publish(GUARDED)
    await using other = await openReplica(store, 2)
    const before = base()
    const report = [{ code: 'guardrail_needs_second_admin', rule: 'guard' }]
    expect(await publish(RULES, before, other)).toMatchObject({ state: 'refused', report })
    const back = { workspaceId, base: before, to: 1, author, reason: '' }
    expect(await other.rollback(back)).toMatchObject({ state: 'refused', report })
    await expect(publish(RULES, 1, other)).rejects.toMatchObject({ code: 'base_moved' })
    expect(await other.check(workspaceId, RULES)).toMatchObject(report)
    expect(base()).toBe(before)
    expect((await eventTypes()).filter((type) => type === 'policy.publish_refused').length).toBe(2)
    expect(await publish(RULES)).toMatchObject({ state: 'published' })
  })
})

const openReplica = (store: Store, administrators = 1): Promise<Policy> =>
  openPolicy({
    store,
    clock: systemClock,
    draft: drafts(),
    catalogue: async () => around.catalogue,
    directory: async () => ({ ...around.directory, administrators }),
    log: createLog('silent'),
  })

/** A workspace comes to be by set-up and in no other way. */
async function addWorkspace(store: Store): Promise<void> {
  const event = () => drafts()({ type: 'setup.completed', workspaceId })
  const link = { workspaceId: '', id: 'lnk_1' }
  const hash = new Uint8Array(32)
  const endsAtMs = Number.MAX_SAFE_INTEGER
  await store.command(
    'identity.createLink',
    { ...link, kind: 'setup', hash, createdAtMs: 0, expiresAtMs: endsAtMs },
    [event()],
  )
  const session = { id: 'ses_1', userId: author, hash, createdAtMs: 0, endsAtMs }
  await store.command(
    'identity.completeSetup',
    {
      link,
      atMs: 0,
      workspace: { id: workspaceId, name: 'Test' },
      user: { id: author, email: 'ana@corp.test', name: 'Ana' },
      session,
    },
    [event()],
  )
}
