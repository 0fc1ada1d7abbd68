import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  createStorePlace,
  drafts,
  engines,
  type StorePlace,
} from '../../../../tests/support/stores.ts'
import { createIds } from '../ground/ids.ts'
import { systemClock } from '../ground/clock.ts'
import { isCoreError } from '../ground/errors.ts'
import type { Store } from '../store/store.ts'
import type { Approval } from './approval.ts'
import { createApprovals, type Approvals } from './approvals.ts'
import { createFind } from './find.ts'
import {
  call,
  claimIn,
  clearance,
  decision,
  intentOf,
  never,
  person,
  result,
  voter,
  WORKSPACE,
} from './fixtures.ts'
import type { Intent } from './open.ts'
import { createTestTimers, nextTurn } from './test-timers.ts'
import { createWorkspace, needsOf, newWorld, type World } from './testing.ts'

/** The same guarantees over the real threads and both engines, each with its own clock. */
describe.each(engines)('approvals on %s', (engine) => {
  let place: StorePlace
  let store: Store
  let approvals: Approvals
  let world: World
  let amount = 0

  beforeAll(async () => {
    place = await createStorePlace(engine)
    store = await place.open()
    world = newWorld()
    world.people = Array.from({ length: 50 }, (_, at) => voter(`usr_${at}`, 'approver'))
    world.nowMs = Date.now()
    const newId = createIds(systemClock)
    await createWorkspace(store, () => newId('evt'))
    const needs = needsOf(store, world, createTestTimers(world))
    approvals = createApprovals({ ...needs, newId, draft: drafts() })
  })

  afterAll(async () => {
    approvals?.[Symbol.dispose]()
    await store?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const read = (id: string) => createFind({ store }).byReference(WORKSPACE, id)
  const vote = ({ id, bind }: Approval, userId = 'usr_0') =>
    approvals.vote(person(userId), id, { vote: 'yes', bind })

  /** A call of its own for each test, by an agent of its own, so that no limit is met by accident. */
  function newIntent(overrides: Partial<Intent> = {}): Intent {
    amount += 1
    const plain = intentOf({ call: call({ amount }), ...overrides })
    const agent = { ...plain.principal.agent, id: `agt_${amount}` }
    return { ...plain, principal: { ...plain.principal, agent } }
  }

  async function asked(intent: Intent): Promise<Approval> {
    world.decision = intent.decision
    const client = new AbortController()
    const answer = approvals.ask(intent, client.signal)
    for (;;) {
      const { items } = await approvals.list(person('usr_0'), { state: 'PENDING' })
      const mine = items[0]
      if (mine) {
        client.abort()
        await answer
        return read(mine.id)
      }
      await nextTurn()
    }
  }

  it('runs an approved call once, and gives its answer again (APR-2, APR-43)', async () => {
    const intent = newIntent()
    const approval = await asked(intent)
    await vote(approval)
    const claim = claimIn(await approvals.ask(intent, never))
    await approvals.settle(clearance(claim, intent), async () => {
      await approvals.markSent(clearance(claim, intent))
      return result()
    })
    expect(await approvals.ask(intent, never)).toMatchObject({
      state: 'replayed',
      result: { approvalId: approval.id },
    })
    expect((await read(approval.id)).state).toBe('COMPLETED')
  })

  it('opens one approval for 20 who ask the same at once (APR-9)', async () => {
    const intent = newIntent()
    const client = new AbortController()
    const answers = Array.from({ length: 20 }, () => approvals.ask(intent, client.signal))
    const approval = await asked(intent)
    client.abort()
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ state: 'pending', status: { approvalId: approval.id } })
    }
    await approvals.withdraw(person('usr_rita'), approval.id)
  })

  it('counts 50 votes at once up to the quorum, and decides once (APR-T3)', async () => {
    const approval = await asked(newIntent({ decision: decision({}, { quorum: 5 }) }))
    const votes = await Promise.allSettled(world.people.map(({ userId }) => vote(approval, userId)))
    expect(votes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    const { state, votes: counted } = await read(approval.id)
    expect([state, counted.length]).toEqual(['APPROVED', 5])
  })

  it('gives 50 who claim at once one claim (APR-T3)', async () => {
    const approval = await asked(newIntent())
    await vote(approval)
    const { version, bind } = await read(approval.id)
    const claims = await Promise.allSettled(
      Array.from({ length: 50 }, () => claimRaw(approval, { version, bind, leaseMs: 30_000 })),
    )
    const lost = claims.filter((claim) => claim.status === 'rejected')
    expect(lost).toHaveLength(49)
    expect(lost.every(({ reason }) => isCoreError(reason, 'conflict'))).toBe(true)
  })

  it('lets no claim send whose lease is over, and finds it (APR-36, APR-37)', async () => {
    const approval = await asked(newIntent())
    await vote(approval)
    const { version, bind } = await read(approval.id)
    await claimRaw(approval, { version, bind, leaseMs: 0 })
    const held = { workspaceId: WORKSPACE, id: approval.id, fence: 1 }
    const intent = newIntent()
    const claim = { approvalId: approval.id, attempt: 1, fence: 1, leaseUntilMs: 0 }
    await expect(approvals.markSent(clearance(claim, intent))).rejects.toMatchObject({
      code: 'lease_lost',
    })
    expect(await store.housekeep('approval.extendLease', { ...held, leaseMs: 30_000 })).toBe(false)
    expect(await store.query('approval.due', {})).toContainEqual({
      workspaceId: WORKSPACE,
      id: approval.id,
    })
    await approvals.sweep()
    expect((await read(approval.id)).state).toBe('APPROVED')
  })

  it('keeps 8 MB of an answer byte by byte (APR-14)', async () => {
    const intent = newIntent()
    await vote(await asked(intent))
    const claim = claimIn(await approvals.ask(intent, never))
    const large = result(JSON.stringify({ text: '\u0000ü'.repeat(1_000_000) }))
    await approvals.settle(clearance(claim, intent), async () => {
      await approvals.markSent(clearance(claim, intent))
      return large
    })
    const again = await approvals.ask(intent, never)
    expect('result' in again && again.result.bytes.equals(large.bytes)).toBe(true)
  })

  const claimRaw = (
    { id }: Approval,
    seen: Readonly<{ version: number; bind: string; leaseMs: number }>,
  ) =>
    store.command(
      'approval.claim',
      { workspaceId: WORKSPACE, id, fence: 1, attempt: 1, callId: 'call_0', ...seen },
      [drafts()({ type: 'approval.executing', workspaceId: WORKSPACE })],
    )
})
