import { describe, expect, it } from 'vitest'

import type { ApprovalStatus } from '../model/approval.ts'
import type { Wait } from '../model/call.ts'
import {
  callFor,
  claimIn,
  clearance,
  intentOf,
  never,
  principal,
  result,
  WORKSPACE,
} from './fixtures.ts'
import { nextTurn } from './test-timers.ts'
import { openTestApprovals } from './testing.ts'

describe('asking again (APR-43)', () => {
  const ran = async (test: Awaited<ReturnType<typeof openTestApprovals>>, isError = false) => {
    const claim = await test.claimed()
    await test.approvals.settle(clearance(claim), async () => {
      await test.approvals.markSent(clearance(claim))
      return result('{"the":"answer"}', isError)
    })
    return claim.approvalId
  }

  it('gives the answer of a lost reply again, once, marked as such', async () => {
    await using test = await openTestApprovals()
    const id = await ran(test)
    const again = await test.approvals.ask(intentOf(), never)
    expect(again).toMatchObject({
      state: 'replayed',
      status: { approvalId: id, state: 'COMPLETED' },
      result: { approvalId: id, isError: false, serverEra: 'legacy' },
    })
    expect('result' in again && again.result.bytes.toString()).toBe('{"the":"answer"}')
    void test.approvals.ask(intentOf(), never)
    expect((await test.waitFor('PENDING')).id).not.toBe(id)
    await test.timers.pass(45_000)
  })

  it.each([
    ['was written in full', 0, true],
    ['was lost more than 10 minutes ago', 600_001, false],
  ])('asks anew when the reply %s', async (_name, laterMs, isDelivered) => {
    await using test = await openTestApprovals()
    const id = await ran(test)
    if (isDelivered) await test.approvals.delivered(WORKSPACE, id)
    await test.timers.jump(laterMs)
    void test.approvals.ask(intentOf(), never)
    expect((await test.waitFor('PENDING')).id).not.toBe(id)
    await test.timers.pass(45_000)
  })

  it('gives the answer to who names the approval, for 24 hours and never anything else', async () => {
    await using test = await openTestApprovals()
    const id = await ran(test, true)
    await test.approvals.delivered(WORKSPACE, id)
    const named = intentOf({ call: callFor(id) })
    for (let time = 0; time < 2; time += 1) {
      expect(await test.approvals.ask(named, never)).toMatchObject({
        state: 'replayed',
        result: { isError: true },
      })
    }
    await test.timers.jump(24 * 3_600_000)
    expect(await test.approvals.ask(named, never)).toMatchObject({
      state: 'refused',
      status: { state: 'FAILED' },
    })
  })

  it('gives nobody else the answer, whatever they name', async () => {
    await using test = await openTestApprovals()
    const id = await ran(test)
    const other = principal({ tokenId: 'tok_other' })
    const client = new AbortController()
    const asked = test.approvals.ask(
      intentOf({ principal: other, call: callFor(id) }),
      client.signal,
    )
    expect((await test.waitFor('PENDING')).id).not.toBe(id)
    client.abort()
    expect(await asked).toMatchObject({ state: 'pending' })
  })

  it('waits for an identical call that is under way', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    const second = test.approvals.ask(intentOf(), never)
    await nextTurn()
    await test.approvals.settle(clearance(claim), async () => {
      await test.approvals.markSent(clearance(claim))
      return result()
    })
    expect(await second).toMatchObject({ state: 'replayed' })
  })
})

/** How a task waits: until people have decided, for one approval and no other. */
describe('waiting to the end (MCP-135)', () => {
  type Test = Awaited<ReturnType<typeof openTestApprovals>>
  const waiting = (test: Test, more: Partial<Wait> = {}) => {
    const told: string[] = []
    const until = new AbortController()
    const wait = {
      until: until.signal,
      pending: ({ approvalId }: ApprovalStatus) => void told.push(approvalId),
      ...more,
    }
    const answer = test.approvals.ask({ ...intentOf(), wait }, never)
    return { answer, told, until }
  }

  it('tells at once that a person is asked, and outlasts every client', async () => {
    await using test = await openTestApprovals()
    const { answer, told } = waiting(test)
    const asked = await test.waitFor('PENDING')
    await test.timers.pass(10 * 60_000)
    expect(new Set(told)).toEqual(new Set([asked.id]))
    await test.approve(asked)
    expect(claimIn(await answer)).toMatchObject({ approvalId: asked.id })
  })

  it('ends without an answer when Peta stops, and goes on for the same approval', async () => {
    await using test = await openTestApprovals()
    const first = waiting(test)
    const asked = await test.waitFor('PENDING')
    first.until.abort()
    expect(await first.answer).toMatchObject({ state: 'pending' })
    const second = waiting(test, { approvalId: asked.id })
    await test.approve(asked)
    expect(claimIn(await second.answer)).toMatchObject({ approvalId: asked.id })
  })

  it('is told how its approval ended meanwhile, however long ago, and asks for no other', async () => {
    await using test = await openTestApprovals()
    const { until } = waiting(test)
    const { id } = await test.waitFor('PENDING')
    until.abort()
    await test.timers.jump(3_600_000)
    expect(await waiting(test, { approvalId: id }).answer).toMatchObject({
      state: 'refused',
      status: { approvalId: id, state: 'EXPIRED' },
    })
  })

  it('gives both of two identical calls the one answer', async () => {
    await using test = await openTestApprovals()
    const [first, second] = [waiting(test), waiting(test)]
    await test.approve(await test.waitFor('PENDING'))
    const claim = claimIn(await Promise.race([first.answer, second.answer]))
    await test.approvals.settle(clearance(claim), async () => {
      await test.approvals.markSent(clearance(claim))
      return result('{"the":"answer"}')
    })
    await test.approvals.delivered(WORKSPACE, claim.approvalId)
    const states = (await Promise.all([first.answer, second.answer])).map((answer) =>
      'state' in answer ? answer.state : 'claimed',
    )
    expect(states.toSorted()).toEqual(['claimed', 'replayed'])
  })
})

describe('an agent that asked', () => {
  it('takes it back while nothing runs, and nobody else does', async () => {
    await using test = await openTestApprovals()
    void test.approvals.ask(intentOf(), never)
    const { id } = await test.waitFor('PENDING')
    const other = principal({ agent: { ...principal().agent, id: 'agt_9' } })
    await test.approvals.cancel(other, id)
    expect(await test.approvals.progress(other, id)).toBeUndefined()
    expect(await test.approvals.progress(principal(), id)).toMatchObject({ state: 'PENDING' })
    await test.approvals.cancel(principal(), id)
    expect(await test.approvals.progress(principal(), id)).toMatchObject({ state: 'CANCELLED' })
    await test.approvals.cancel(principal(), id)
    await test.timers.pass(45_000)
  })
})
