import { describe, expect, it } from 'vitest'

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
import { quiet } from './test-timers.ts'
import { openTestApprovals } from './testing.ts'

describe('asking', () => {
  it('opens one card for the same call, however often it is asked at once (APR-9, APR-43)', async () => {
    await using test = await openTestApprovals()
    const asked = Array.from({ length: 10 }, () => test.approvals.ask(intentOf(), never))
    await test.waitFor('PENDING')
    await test.timers.pass(45_000)
    const answers = await Promise.all(asked)
    const ids = answers.map((answer) => ('status' in answer ? answer.status.approvalId : ''))
    expect(new Set(ids).size).toBe(1)
    expect((await test.approvals.list(person('usr_ana'), {})).items).toHaveLength(1)
  })

  it.each([
    ['legacy', 45_000],
    ['modern', 25_000],
  ] as const)('holds a %s client %d ms, then says pending (APR-40)', async (clientEra, heldMs) => {
    await using test = await openTestApprovals()
    const asked = test.approvals.ask(intentOf({ call: call({}, { clientEra }) }), never)
    const { id } = await test.waitFor('PENDING')
    let isAnswered = false
    void asked.then(() => (isAnswered = true))
    await test.timers.pass(heldMs - 1)
    expect(isAnswered).toBe(false)
    await test.timers.pass(1)
    expect(await asked).toMatchObject({
      state: 'pending',
      status: { approvalId: id, state: 'PENDING', retryAfterMs: 15_000 },
    })
  })

  it('claims once while it waits, and gives the claim to one of all that wait (APR-2)', async () => {
    await using test = await openTestApprovals()
    const asked = [1, 2, 3].map(() => test.approvals.ask(intentOf(), never))
    await test.approve(await test.waitFor('PENDING'))
    const claim = claimIn(await Promise.race(asked))
    expect(claim).toMatchObject({ attempt: 1, fence: 1 })
    await test.timers.pass(10_000)
    await test.approvals.settle(clearance(claim), async () => {
      await test.approvals.markSent(clearance(claim))
      return result()
    })
    await test.approvals.delivered(WORKSPACE, claim.approvalId)
    await test.timers.pass(45_000)
    const others = (await Promise.all(asked)).filter((answer) => 'state' in answer)
    expect(others).toHaveLength(2)
  })

  it('only detaches a client that goes away, and runs nothing for it (APR-7)', async () => {
    await using test = await openTestApprovals()
    const client = new AbortController()
    const asked = test.approvals.ask(intentOf(), client.signal)
    const approval = await test.waitFor('PENDING')
    client.abort()
    expect(await asked).toMatchObject({ state: 'pending' })
    await test.approve(approval)
    await quiet()
    expect((await test.read(approval.id)).state).toBe('APPROVED')
    expect(await test.approvals.ask(intentOf(), client.signal)).toMatchObject({ state: 'pending' })
    expect((await test.read(approval.id)).state).toBe('APPROVED')
    claimIn(await test.approvals.ask(intentOf(), never))
  })

  it('tells the agent the reason that was meant for it, and nothing that could pose as ours (APR-18)', async () => {
    await using test = await openTestApprovals()
    const asked = test.approvals.ask(intentOf(), never)
    const { id, bind } = await test.waitFor('PENDING')
    const reason = `not\u0000on\u202Ea\nFriday ${'x'.repeat(400)}`
    await test.approvals.vote(person('usr_ana'), id, { vote: 'no', bind, reason })
    const answer = await asked
    expect(answer).toMatchObject({ state: 'refused', status: { state: 'DENIED' } })
    const denied = 'status' in answer ? (answer.status.denyReason ?? '') : ''
    expect(denied.startsWith('not on a Friday xxx')).toBe(true)
    expect(denied).toHaveLength(280)
  })

  it('keeps a reason from the agent that was meant for people (APR-18)', async () => {
    await using test = await openTestApprovals()
    const asked = test.approvals.ask(intentOf(), never)
    const { id, bind } = await test.waitFor('PENDING')
    const ballot = { vote: 'no', bind, reason: 'she is leaving', reasonFor: 'people' } as const
    await test.approvals.vote(person('usr_ana'), id, ballot)
    expect(JSON.stringify(await asked)).not.toContain('leaving')
  })

  it('repeats a no for 60 s, then asks anew (APR-43)', async () => {
    await using test = await openTestApprovals()
    const asked = test.approvals.ask(intentOf(), never)
    const { id, bind } = await test.waitFor('PENDING')
    await test.approvals.vote(person('usr_ana'), id, { vote: 'no', bind, reason: 'not now' })
    await asked
    await test.timers.pass(59_000)
    expect(await test.approvals.ask(intentOf(), never)).toMatchObject({
      state: 'refused',
      status: { approvalId: id },
    })
    await test.timers.pass(1_000)
    void test.approvals.ask(intentOf(), never)
    expect((await test.waitFor('PENDING')).id).not.toBe(id)
    await test.timers.pass(45_000)
  })

  it('judges expiry by the time, whether or not anyone swept (APR-3, APR-13)', async () => {
    await using test = await openTestApprovals()
    const client = new AbortController()
    const asked = test.approvals.ask(intentOf(), client.signal)
    const approval = await test.waitFor('PENDING')
    client.abort()
    await asked
    test.world.nowMs = approval.decideByMs
    expect(await test.approvals.read(person('usr_ana'), approval.id)).toMatchObject({
      state: 'EXPIRED',
    })
    await expect(test.approve(approval)).rejects.toMatchObject({ code: 'approval_expired' })
    expect(await test.approvals.ask(intentOf(), never)).toMatchObject({
      state: 'refused',
      status: { approvalId: approval.id, state: 'EXPIRED' },
    })
  })

  it('lets an approval go that nobody came back for in time (APR-13)', async () => {
    await using test = await openTestApprovals()
    const client = new AbortController()
    const asked = test.approvals.ask(intentOf(), client.signal)
    const approval = await test.waitFor('PENDING')
    client.abort()
    await asked
    await test.approve(approval)
    await test.timers.jump(5 * 60_000)
    expect((await test.read(approval.id)).state).toBe('EXPIRED')
  })

  it('refuses at once when nobody could say yes (APR-3, APR-16)', async () => {
    await using test = await openTestApprovals()
    const asked = (people: typeof test.world.people) => {
      test.world.people = people
      return test.approvals.ask(intentOf(), never)
    }
    const code = { code: 'no_eligible_approver' }
    await expect(asked([])).rejects.toMatchObject(code)
    await expect(asked([voter('usr_audit', 'auditor')])).rejects.toMatchObject(code)
    await expect(
      asked([voter('usr_rita', 'admin'), voter('usr_joe', 'member')]),
    ).rejects.toMatchObject(code)
    const two = decision({}, { quorum: 2 })
    test.world.people = [voter('usr_ana', 'admin')]
    await expect(test.approvals.ask(intentOf({ decision: two }), never)).rejects.toMatchObject(code)
  })

  it('keeps no argument, reason or result readable in the database (APR-14)', async () => {
    await using test = await openTestApprovals()
    const intent = intentOf({ call: call({ note: 'canary-argument' }) })
    const answer = test.approvals.ask(intent, never)
    const { id, bind } = await test.waitFor('PENDING')
    await test.approvals.vote(person('usr_ana'), id, { vote: 'yes', bind, reason: 'canary-reason' })
    const claim = claimIn(await answer)
    await test.approvals.settle(clearance(claim, intent), async () => {
      await test.approvals.markSent(clearance(claim, intent))
      return result('{"canary":"canary-result"}')
    })
    const stored = [
      await test.store.query('approval.byId', { workspaceId: WORKSPACE, id }),
      await test.store.query('approval.result', { workspaceId: WORKSPACE, id, fence: 1 }),
      test.store.drafts(),
    ]
    const text = JSON.stringify(stored, (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    )
    expect(text).toContain('writes-ask')
    expect(text).not.toContain('canary')
  })
})
