import { describe, expect, it } from 'vitest'

import type { ApprovalState } from '../model/approval.ts'
import { decision, intentOf, never, person } from './fixtures.ts'
import { quiet } from './test-timers.ts'
import { openTestApprovals, type TestApprovals, type World } from './testing.ts'

/** An approved call whose client comes back after the world has changed. */
async function comesBackAfter(test: TestApprovals, change: (world: World) => void) {
  const client = new AbortController()
  const asked = test.approvals.ask(intentOf(), client.signal)
  const approval = await test.waitFor('PENDING')
  client.abort()
  await asked
  await test.approve(approval)
  change(test.world)
  const back = new AbortController()
  const answer = test.approvals.ask(intentOf({ decision: test.world.decision }), back.signal)
  await quiet()
  back.abort()
  return { answer: await answer, approval: await test.read(approval.id), before: approval }
}

const target = { serverHash: 'server-1', pin: 'pin-1', connection: 'conn-1' }

describe('a claim voids what is not as it was (APR-4, APR-12, APR-T4)', () => {
  it.each<readonly [string, string, (world: World) => void]>([
    [
      'the server changed',
      'server_changed',
      (world) => void (world.target = { ...target, serverHash: 'server-2' }),
    ],
    ['the server is out of use', 'server_changed', (world) => void (world.target = undefined)],
    [
      'the tool changed',
      'definition_changed',
      (world) => void (world.target = { ...target, pin: 'pin-2' }),
    ],
    [
      'the credentials changed',
      'connection_changed',
      (world) => void (world.target = { ...target, connection: 'conn-2' }),
    ],
    ['the agent is suspended', 'principal_inactive', (world) => void (world.isActive = false)],
    [
      'the agent is suspended, though the rules allow the call now',
      'principal_inactive',
      (world) => {
        world.isActive = false
        world.decision = decision({ effect: 'allow', policyVersion: 2, obligations: {} })
      },
    ],
    [
      'the voter left',
      'approver_ineligible',
      (world) => void (world.people = world.people.filter(({ userId }) => userId !== 'usr_ana')),
    ],
    [
      'the voter lost the role',
      'approver_ineligible',
      (world) =>
        void (world.people = world.people.map((each) => ({ ...each, role: 'member' as const }))),
    ],
    [
      'the rules deny it now',
      'policy_denies',
      (world) =>
        void (world.decision = decision({ effect: 'deny', policyVersion: 2, obligations: {} })),
    ],
  ])('when %s', async (_name, voidReason, change) => {
    await using test = await openTestApprovals()
    const { answer, approval } = await comesBackAfter(test, change)
    expect(answer).toMatchObject({ state: 'refused', status: { state: 'VOID' } })
    expect(approval).toMatchObject({ state: 'VOID', voidReason, fence: 0 })
    expect(test.store.drafts().at(-1)).toMatchObject({ type: 'approval.void' })
  })

  it('ends in an error when someone edited the row, and runs nothing', async () => {
    await using test = await openTestApprovals(({ store }) => ({
      store: {
        ...store,
        async query(name, args) {
          const answer = await store.query(name, args)
          if (name === 'approval.ofCall') editBind(answer)
          return answer
        },
      },
    }))
    const client = new AbortController()
    const asked = test.approvals.ask(intentOf(), client.signal)
    const approval = await test.waitFor('PENDING')
    client.abort()
    await asked
    await test.approve(approval)
    await expect(test.approvals.ask(intentOf(), never)).rejects.toMatchObject({
      code: 'revision_changed',
    })
    expect(await test.read(approval.id)).toMatchObject({ state: 'APPROVED', fence: 0 })
  })
})

function editBind(snapshot: unknown): void {
  if (typeof snapshot !== 'object' || snapshot === null || !('approval' in snapshot)) return
  Object.assign(Object(snapshot.approval), { bind: 'f'.repeat(64) })
}

describe('rules that moved (APR-11)', () => {
  const state = async (test: TestApprovals, change: World['decision']) =>
    comesBackAfter(test, (world) => void (world.decision = change))

  it('keep the votes when they ask for the same', async () => {
    await using test = await openTestApprovals()
    const { answer, approval, before } = await state(test, decision({ policyVersion: 2 }))
    expect(answer).toMatchObject({ fence: 1 })
    expect(approval).toMatchObject({ state: 'EXECUTING', revision: 1, policyVersion: 2 })
    expect(approval.bind).not.toBe(before.bind)
  })

  it.each([
    ['more people', decision({ policyVersion: 2 }, { quorum: 2 })],
    [
      'other people',
      decision({ policyVersion: 2 }, { approvers: [{ group: 'finance', quorum: 1 }] }),
    ],
    ['for other reasons', decision({ policyVersion: 2, matched: [] })],
    ['for other reasons, by the hour alone', decision({ matched: [] })],
  ])('clear the votes when they ask for %s', async (_name, change) => {
    await using test = await openTestApprovals()
    const { answer, approval } = await state(test, change)
    expect(answer).toMatchObject({ state: 'pending' })
    expect(approval).toMatchObject({ state: 'PENDING', revision: 2, votes: [], fence: 0 })
    expect(approval.executeByMs).toBeUndefined()
  })

  it('let the call run by itself when they allow it now', async () => {
    await using test = await openTestApprovals()
    const allow = decision({ effect: 'allow', policyVersion: 2, obligations: {} })
    const asked = test.approvals.ask(intentOf(), never)
    const approval = await test.waitFor('PENDING')
    test.world.decision = allow
    await test.approve(approval)
    expect(await asked).toEqual({ state: 'waived' })
    expect(await test.read(approval.id)).toMatchObject({
      state: 'VOID',
      voidReason: 'policy_allows',
    })
  })

  it('void a vote for what was shown before', async () => {
    await using test = await openTestApprovals()
    const client = new AbortController()
    const first = test.approvals.ask(intentOf(), client.signal)
    const { id, bind } = await test.waitFor('PENDING')
    const stricter = decision({ policyVersion: 2 }, { quorum: 2 })
    const second = test.approvals.ask(intentOf({ decision: stricter }), client.signal)
    await quiet()
    await expect(
      test.approvals.vote(person('usr_ana'), id, { vote: 'yes', bind }),
    ).rejects.toMatchObject({ code: 'revision_changed' })
    expect(await test.read(id)).toMatchObject({ revision: 2, votes: [] })
    client.abort()
    await Promise.all([first, second])
  })

  it('are not turned back by a process that is behind', async () => {
    await using test = await openTestApprovals()
    test.world.decision = decision({ policyVersion: 2 })
    const client = new AbortController()
    const asked = test.approvals.ask(intentOf({ decision: test.world.decision }), client.signal)
    const approval = await test.waitFor('PENDING')
    client.abort()
    await asked
    await test.approve(approval)
    test.world.decision = decision({ policyVersion: 1 })
    await expect(test.approvals.ask(intentOf(), never)).rejects.toMatchObject({
      code: 'policy_stale',
    })
    const expected: ApprovalState = 'APPROVED'
    expect((await test.read(approval.id)).state).toBe(expected)
  })
})
