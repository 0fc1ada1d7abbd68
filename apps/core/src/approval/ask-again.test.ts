import { describe, expect, it } from 'vitest'

import { callFor, clearance, intentOf, never, principal, result, WORKSPACE } from './fixtures.ts'
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
