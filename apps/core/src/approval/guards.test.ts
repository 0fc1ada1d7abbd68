import { describe, expect, it } from 'vitest'

import type { AuditEventType } from '@peta/contract'
import type { CallResult } from '../model/call.ts'
import {
  call,
  claimIn,
  clearance,
  decision,
  intentOf,
  never,
  person,
  result,
  tool,
  voter,
  WORKSPACE,
} from './fixtures.ts'
import { quiet } from './test-timers.ts'
import { openTestApprovals, type TestApprovals } from './testing.ts'

/**
 * What only a change at exactly the wrong moment would show: each test makes that moment. Commands are called with
 * what a process knew that read the row before.
 */

const event = (type: AuditEventType) =>
  ({ id: 'evt_0', tsMs: 1, workspaceId: WORKSPACE, type, fields: '' }) as const

async function pendingOne(test: TestApprovals, intent = intentOf()) {
  test.world.decision = intent.decision
  const client = new AbortController()
  const answer = test.approvals.ask(intent, client.signal)
  const approval = await test.waitFor('PENDING')
  client.abort()
  await answer
  return approval
}

async function approvedOne(test: TestApprovals, intent = intentOf()) {
  const approval = await pendingOne(test, intent)
  await test.approve(approval)
  return test.read(approval.id)
}

const seenOf = ({ id, state, version }: Awaited<ReturnType<TestApprovals['read']>>) => ({
  workspaceId: WORKSPACE,
  id,
  state,
  version,
})

describe('the transaction itself refuses', () => {
  it('a vote that commits after the time to decide (APR-13)', async () => {
    await using test = await openTestApprovals()
    const approval = await pendingOne(test)
    test.world.nowMs = approval.decideByMs
    const vote = {
      revision: 1,
      voter_id: 'usr_ana',
      vote: 'yes',
      bind: approval.bind,
      self_approved: 0,
      comment: null,
      audience: 'agent',
      session_id: 'ses_0',
    }
    const args = { seen: seenOf(approval), to: 'APPROVED', executeForMs: 1000, vote }
    await expect(
      test.store.command('approval.vote', args, [event('approval.approved')]),
    ).rejects.toMatchObject({ code: 'conflict' })
    expect(await test.read(approval.id)).toMatchObject({ state: 'PENDING', votes: [] })
  })

  it.each([
    ['after the time to run (APR-12, APR-13)', 0, {}],
    ['for another bind than the row has (APR-4)', -1, { bind: 'f'.repeat(64) }],
    ['with a fence that was given already (APR-36)', -1, { fence: 0 }],
  ])('a claim %s', async (_name, laterMs, change) => {
    await using test = await openTestApprovals()
    const { id, version, bind, executeByMs = 0 } = await approvedOne(test)
    test.world.nowMs = executeByMs + laterMs
    const args = { workspaceId: WORKSPACE, id, version, bind, fence: 1, attempt: 1 }
    await expect(
      test.store.command('approval.claim', { ...args, callId: 'call_0', leaseMs: 1, ...change }, [
        event('approval.executing'),
      ]),
    ).rejects.toMatchObject({ code: 'conflict' })
    expect(await test.read(id)).toMatchObject({ state: 'APPROVED', fence: 0 })
  })

  it('to send for a claim that was taken back, though its fence is the latest (APR-36)', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    await test.approvals.revoke(person('usr_ana'), claim.approvalId, { reason: 'second thoughts' })
    await expect(test.approvals.markSent(clearance(claim))).rejects.toMatchObject({
      code: 'lease_lost',
    })
    expect(await test.read(claim.approvalId)).toMatchObject({ state: 'REVOKED', fence: 1 })
  })

  it('to take a claim away that was prolonged meanwhile (APR-37)', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    const approval = await test.read(claim.approvalId)
    const held = { workspaceId: WORKSPACE, id: claim.approvalId, fence: 1 }
    await test.store.housekeep('approval.extendLease', { ...held, leaseMs: 60_000 })
    await expect(
      test.store.command(
        'approval.advance',
        { seen: seenOf(approval), to: 'APPROVED', leaseOver: true },
        [event('approval.released')],
      ),
    ).rejects.toMatchObject({ code: 'conflict' })
    expect((await test.read(claim.approvalId)).state).toBe('EXECUTING')
  })
})

describe('a send that is announced between the look and the write', () => {
  it('is not given up as if nothing had been sent (APR-2)', async () => {
    let beforeSettle: (() => Promise<void>) | undefined
    await using test = await openTestApprovals(({ store }) => ({
      store: {
        ...store,
        async command(name, args, events) {
          const announce = name === 'approval.settle' ? beforeSettle : undefined
          beforeSettle = announce ? undefined : beforeSettle
          await announce?.()
          return store.command(name, args, events)
        },
      },
    }))
    const claim = await test.claimed()
    beforeSettle = () => test.approvals.markSent(clearance(claim))
    const given = test.approvals.settle(clearance(claim), async () => {
      throw new Error('gave up')
    })
    await expect(given).rejects.toThrow('gave up')
    expect((await test.read(claim.approvalId)).state).toBe('OUTCOME_UNKNOWN')
  })
})

describe('a worker whose claim went to another', () => {
  it('ends nothing of the new claim; its answer is evidence (APR-36, APR-37)', async () => {
    await using test = await openTestApprovals()
    const labels = ['write', 'idempotent']
    const intent = intentOf({ call: call({}, { item: tool({ labels }) }) })
    const old = await test.claimed(intent)
    const { promise, resolve } = Promise.withResolvers<CallResult>()
    const answer = test.approvals.settle(clearance(old, intent), async () => {
      await test.approvals.markSent(clearance(old, intent))
      return promise
    })
    await quiet()
    test.world.nowMs = old.leaseUntilMs
    await test.approvals.sweep()
    const next = claimIn(await test.approvals.ask(intent, never))
    expect(next.fence).toBe(2)
    resolve(result())
    await expect(answer).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect(await test.read(old.approvalId)).toMatchObject({ state: 'EXECUTING', fence: 2 })
    const key = { workspaceId: WORKSPACE, id: old.approvalId, fence: 1 }
    expect(await test.store.query('approval.result', key)).toMatchObject({ result: { is_late: 1 } })
  })
})

describe('who counts', () => {
  it('is no auditor, even in a group that the rule names (APR-16)', async () => {
    await using test = await openTestApprovals()
    const rule = decision({}, { approvers: [{ group: 'finance', quorum: 1 }] })
    const approval = await pendingOne(test, intentOf({ decision: rule }))
    await expect(test.approve(approval, 'usr_audit')).rejects.toMatchObject({
      code: 'not_eligible',
    })
  })

  it('is not who approved their own request alone, once someone else is there (APR-12, APR-16)', async () => {
    await using test = await openTestApprovals()
    test.world.people = [voter('usr_rita', 'owner')]
    const approval = await pendingOne(test)
    await test.approve(approval, 'usr_rita')
    test.world.people.push(voter('usr_ana', 'admin'))
    const client = new AbortController()
    const back = test.approvals.ask(intentOf(), client.signal)
    expect(await back).toMatchObject({ state: 'refused', status: { state: 'VOID' } })
    expect(await test.read(approval.id)).toMatchObject({ voidReason: 'approver_ineligible' })
  })

  it('is everyone who voted, not only as many as would do (APR-12)', async () => {
    await using test = await openTestApprovals()
    const approvers = [
      { group: 'finance', quorum: 1 },
      { group: 'security', quorum: 1 },
    ]
    const intent = intentOf({ decision: decision({}, { approvers }) })
    const approval = await pendingOne(test, intent)
    await test.approve(approval)
    await test.approve(approval, 'usr_ben')
    // Ben is in both groups and would do alone; but the call was approved with Ana's word.
    test.world.people = test.world.people.filter(({ userId }) => userId !== 'usr_ana')
    expect(await test.approvals.ask(intent, never)).toMatchObject({ status: { state: 'VOID' } })
  })
})

describe('a claim', () => {
  it('that comes too late finds it expired, swept or not (APR-3)', async () => {
    await using test = await openTestApprovals()
    const { id, executeByMs = 0 } = await approvedOne(test)
    test.world.nowMs = executeByMs
    expect(await test.approvals.ask(intentOf(), never)).toMatchObject({
      state: 'refused',
      status: { approvalId: id, state: 'EXPIRED' },
    })
  })

  it('runs no other arguments than were shown, whatever row it is led to (APR-4)', async () => {
    let approved: unknown
    await using test = await openTestApprovals(({ store }) => ({
      store: {
        ...store,
        async query(name, args) {
          const answer = await store.query(name, args)
          if (name === 'approval.ofCall') Object.assign(Object(answer), approved)
          return answer
        },
      },
    }))
    const { id } = await approvedOne(test)
    const other = intentOf({ call: call({ amount: 5_000_000, to: 'Mallory' }) })
    const client = new AbortController()
    const waiting = test.approvals.ask(other, client.signal)
    await quiet()
    client.abort()
    await waiting
    approved = await test.store.query('approval.byId', { workspaceId: WORKSPACE, id })
    await expect(test.approvals.ask(other, never)).rejects.toMatchObject({
      code: 'revision_changed',
    })
    expect(await test.read(id)).toMatchObject({ state: 'APPROVED', fence: 0 })
  })
})
