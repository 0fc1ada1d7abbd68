import { describe, expect, it } from 'vitest'

import { AbortedError } from '../ground/abort.ts'
import { CoreError } from '../ground/errors.ts'
import type { ApprovalClaim } from '../model/approval.ts'
import type { CallResult } from '../model/call.ts'
import {
  call,
  claimIn,
  clearance,
  intentOf,
  never,
  person,
  result,
  tool,
  WORKSPACE,
} from './fixtures.ts'
import { nextTurn, quiet } from './test-timers.ts'
import { openTestApprovals, type TestApprovals } from './testing.ts'

const repeatable = intentOf({ call: call({}, { item: tool({ labels: ['write', 'idempotent'] }) }) })

/** Runs a claimed call the way the runtime does: says that it sends, then does `work`. */
const send = (
  { approvals }: TestApprovals,
  claim: ApprovalClaim,
  work: () => Promise<CallResult> = async () => result(),
) =>
  approvals.settle(clearance(claim), async () => {
    await approvals.markSent(clearance(claim))
    return work()
  })

const fail = (error: unknown) => async (): Promise<CallResult> => {
  throw error
}

describe('an approved call that runs (APR-36)', () => {
  it('is announced before it is sent, and its answer is stored before anyone sees it', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    let sentFence: number | undefined
    const answer = await send(test, claim, async () => {
      sentFence = (await test.read(claim.approvalId)).sentFence
      return result()
    })
    expect(sentFence).toBe(1)
    expect(answer).toMatchObject({ approvalId: claim.approvalId })
    expect((await test.read(claim.approvalId)).state).toBe('COMPLETED')
    expect(test.store.drafts().map(({ type }) => type)).toEqual([
      'setup.completed',
      'setup.completed',
      'approval.requested',
      'approval.approved',
      'approval.executing',
      'call.sent',
      'approval.completed',
    ])
  })

  it('is FAILED when the server says so (APR-38)', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    await send(test, claim, async () => result('{}', true))
    expect((await test.read(claim.approvalId)).state).toBe('FAILED')
  })

  it('passes a call that nobody had to approve', async () => {
    await using test = await openTestApprovals()
    const answer = result()
    expect(await test.approvals.settle(clearance(undefined), async () => answer)).toBe(answer)
    await test.approvals.markSent(clearance(undefined))
    expect(test.store.drafts().filter(({ type }) => type === 'call.sent')).toEqual([])
  })

  it('may announce a send once per claim, so one claim sends once (APR-2)', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    await test.approvals.markSent(clearance(claim))
    await expect(test.approvals.markSent(clearance(claim))).rejects.toMatchObject({
      code: 'lease_lost',
    })
  })

  it('keeps its claim while it runs, however long that is', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    const { promise, resolve } = Promise.withResolvers<CallResult>()
    const answer = send(test, claim, () => promise)
    await quiet()
    await test.timers.pass(120_000)
    expect((await test.read(claim.approvalId)).state).toBe('EXECUTING')
    resolve(result())
    await answer
    expect((await test.read(claim.approvalId)).state).toBe('COMPLETED')
  })

  it('delivers an answer that could not be kept, and repeats it to nobody (APR-14)', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    const answer = await send(test, claim, async () => {
      test.world.isVaultSealed = true
      return result()
    })
    expect(answer.bytes).toEqual(result().bytes)
    test.world.isVaultSealed = false
    expect(await test.approvals.ask(intentOf(), never)).toMatchObject({
      state: 'refused',
      status: { state: 'COMPLETED' },
    })
  })

  it('keeps an answer of 8 MB in pieces, and forgets it after a day (APR-14)', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    const large = result(JSON.stringify({ text: 'x'.repeat(3 * 1024 * 1024) }))
    await send(test, claim, async () => large)
    const again = await test.approvals.ask(intentOf(), never)
    expect('result' in again && again.result.bytes.equals(large.bytes)).toBe(true)
    const key = { workspaceId: WORKSPACE, id: claim.approvalId, fence: 1 }
    expect((await test.store.query('approval.result', key))?.parts).toHaveLength(4)
    await test.timers.jump(24 * 3_600_000)
    await test.store.housekeep('approval.forgetResults', {})
    const kept = await test.store.query('approval.result', key)
    expect(kept).toMatchObject({ result: { bytes: large.bytes.length }, parts: [] })
  })
})

describe('the crash table (APR-37)', () => {
  it('before the first byte: the call may be tried again, three times in all', async () => {
    await using test = await openTestApprovals()
    let claim = await test.claimed()
    for (const attempt of [1, 2, 3]) {
      expect(claim).toMatchObject({ attempt, fence: attempt })
      const lost = test.approvals.settle(clearance(claim), fail(new CoreError('server_busy')))
      await expect(lost).rejects.toMatchObject({ code: 'server_busy' })
      if (attempt < 3) claim = claimIn(await test.approvals.ask(intentOf(), never))
    }
    expect((await test.read(claim.approvalId)).state).toBe('EXPIRED')
  })

  it.each([
    ['a time-out', new CoreError('call_timed_out')],
    ['a lost connection', new CoreError('outcome_unknown')],
    ['a 5xx answer', new CoreError('server_unavailable')],
    ['an answer that could not be scrubbed', new CoreError('scrub_failed')],
    ['a client that went away', new AbortedError('gone')],
    ['a defect', new Error('oops')],
  ])(
    'after the first byte, %s: unknown, never failed, never repeated (APR-38)',
    async (_n, error) => {
      await using test = await openTestApprovals()
      const claim = await test.claimed()
      await expect(send(test, claim, fail(error))).rejects.toBe(error)
      expect((await test.read(claim.approvalId)).state).toBe('OUTCOME_UNKNOWN')
      expect(await test.approvals.ask(intentOf(), never)).toMatchObject({
        state: 'refused',
        status: { approvalId: claim.approvalId, state: 'OUTCOME_UNKNOWN' },
      })
    },
  )

  it('before the first byte, worker gone: the lease ends, the call may be tried again', async () => {
    await using test = await openTestApprovals()
    const { approvalId } = await test.claimed()
    await test.timers.pass(29_000)
    expect((await test.read(approvalId)).state).toBe('EXECUTING')
    await test.timers.pass(1_000)
    expect((await test.read(approvalId)).state).toBe('APPROVED')
    expect(claimIn(await test.approvals.ask(intentOf(), never))).toMatchObject({ fence: 2 })
  })

  it('after the first byte, worker gone: unknown', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    await test.approvals.markSent(clearance(claim))
    await test.timers.pass(30_000)
    expect((await test.read(claim.approvalId)).state).toBe('OUTCOME_UNKNOWN')
  })

  it('after the first byte, worker gone, tool safe to repeat: tried again under the same id', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed(repeatable)
    await test.approvals.markSent(clearance(claim))
    await test.timers.pass(30_000)
    const again = claimIn(await test.approvals.ask(repeatable, never))
    expect(again).toMatchObject({ approvalId: claim.approvalId, attempt: 2, fence: 2 })
  })

  it('a worker that wakes with an old fence sends nothing', async () => {
    await using test = await openTestApprovals()
    const old = await test.claimed()
    await test.timers.pass(30_000)
    await expect(test.approvals.markSent(clearance(old))).rejects.toMatchObject({
      code: 'lease_lost',
    })
    claimIn(await test.approvals.ask(intentOf(), never))
    await expect(test.approvals.markSent(clearance(old))).rejects.toMatchObject({
      code: 'lease_lost',
    })
    expect(test.store.drafts().filter(({ type }) => type === 'call.sent')).toEqual([])
  })

  it('a lease that ended is over even before a sweep has said so', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    test.world.nowMs = claim.leaseUntilMs
    await expect(test.approvals.markSent(clearance(claim))).rejects.toMatchObject({
      code: 'lease_lost',
    })
  })

  it('a late answer is evidence: withheld, filed, and the state stays', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    const { promise, resolve } = Promise.withResolvers<CallResult>()
    const answer = send(test, claim, () => promise)
    await quiet()
    test.world.nowMs = claim.leaseUntilMs
    await test.replica().sweep()
    resolve(result())
    await expect(answer).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect((await test.read(claim.approvalId)).state).toBe('OUTCOME_UNKNOWN')
    expect(test.store.drafts().at(-1)?.type).toBe('approval.answered_late')
    const key = { workspaceId: WORKSPACE, id: claim.approvalId, fence: 1 }
    expect(await test.store.query('approval.result', key)).toMatchObject({
      result: { is_late: 1 },
    })
  })

  it('an answer that cannot be recorded is withheld; the state is decided after recovery', async () => {
    let isDown = false
    await using test = await openTestApprovals(({ store }) => ({
      store: {
        ...store,
        command(...args) {
          if (isDown) throw new CoreError('store_unavailable')
          return store.command(...args)
        },
      },
    }))
    const claim = await test.claimed()
    const answer = send(test, claim, async () => {
      isDown = true
      return result()
    })
    await expect(answer).rejects.toMatchObject({ code: 'outcome_unknown' })
    isDown = false
    await test.timers.pass(30_000)
    expect((await test.read(claim.approvalId)).state).toBe('OUTCOME_UNKNOWN')
  })

  it('a send that is announced while its claim is given up stays announced', async () => {
    await using test = await openTestApprovals()
    const claim = await test.claimed()
    const lost = test.approvals.settle(clearance(claim), async () => {
      void test.approvals.markSent(clearance(claim)).catch(() => undefined)
      throw new AbortedError('gone')
    })
    await expect(lost).rejects.toThrow('gone')
    await nextTurn()
    const { state, sentFence } = await test.read(claim.approvalId)
    expect(sentFence === undefined ? 'APPROVED' : 'OUTCOME_UNKNOWN').toBe(state)
  })
})

describe('an unknown outcome (APR-39)', () => {
  const lost = async (test: TestApprovals) => {
    const claim = await test.claimed()
    await send(test, claim, fail(new CoreError('call_timed_out'))).catch(() => undefined)
    return claim.approvalId
  }

  it('stands in the way of the same call for 24 hours', async () => {
    await using test = await openTestApprovals()
    const id = await lost(test)
    await test.timers.jump(24 * 3_600_000 - 1)
    expect(await test.approvals.ask(intentOf(), never)).toMatchObject({
      status: { approvalId: id, state: 'OUTCOME_UNKNOWN' },
    })
    await test.timers.jump(1)
    void test.approvals.ask(intentOf(), never)
    expect((await test.waitFor('PENDING')).id).not.toBe(id)
    await test.timers.pass(45_000)
  })

  it('is resolved by a person who is not the requester, with a reason, and never sent again (APR-6)', async () => {
    await using test = await openTestApprovals()
    const id = await lost(test)
    const finding = { found: 'not_done', reason: 'nothing in the ledger' } as const
    const resolve = test.approvals.resolve
    await expect(resolve(person('usr_cleo', 'member'), id, finding)).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(resolve(person('usr_rita'), id, finding)).rejects.toMatchObject({
      code: 'self_approval',
    })
    expect(await resolve(person('usr_ana'), id, finding)).toMatchObject({
      state: 'RESOLVED_NOT_DONE',
    })
    await expect(resolve(person('usr_ana'), id, finding)).rejects.toMatchObject({
      code: 'wrong_state',
    })
    void test.approvals.ask(intentOf(), never)
    expect((await test.waitFor('PENDING')).id).not.toBe(id)
    await test.timers.pass(45_000)
  })
})
