import { describe, expect, it } from 'vitest'

import { call, decision, intentOf, never, person, voter } from './fixtures.ts'
import { openTestApprovals, type TestApprovals } from './testing.ts'

const args = { amount: 5, note: 'x'.repeat(200_000) }
const intent = intentOf({ call: call(args) })

async function asked(test: TestApprovals, of = intent) {
  const client = new AbortController()
  const answer = test.approvals.ask(of, client.signal)
  const approval = await test.waitFor('PENDING')
  client.abort()
  await answer
  return approval
}

describe('what each side sees', () => {
  it('shows an approver everything that will run, never cut (APR-46)', async () => {
    await using test = await openTestApprovals()
    const { id, code, bind } = await asked(test)
    expect(await test.approvals.read(person('usr_ben', 'approver'), code)).toMatchObject({
      id,
      code,
      bind,
      state: 'PENDING',
      agent: 'Rita’s agent',
      requester: 'usr_rita@example.test',
      server: 'bank',
      name: 'pay',
      arguments: args,
      rules: ['writes-ask'],
      policyVersion: 1,
      risk: 40,
      labels: ['write'],
      quorum: 1,
      votes: [],
    })
  })

  it('shows the requester their own arguments, who decided and why not, but no rules or comments', async () => {
    await using test = await openTestApprovals()
    const two = { ...intent, decision: decision({}, { quorum: 2 }) }
    const { id, bind } = await asked(test, two)
    await test.approvals.vote(person('usr_ana'), id, { vote: 'yes', bind, reason: 'between us' })
    await test.approvals.vote(person('usr_ben'), id, { vote: 'no', bind, reason: 'too much' })
    const card = await test.approvals.read(person('usr_rita', 'member'), id)
    expect(card).toMatchObject({ arguments: args, rules: [], state: 'DENIED' })
    expect(card.votes).toEqual([
      { by: 'usr_ana@example.test', vote: 'yes', at: expect.any(Number), selfApproved: false },
      {
        by: 'usr_ben@example.test',
        vote: 'no',
        at: expect.any(Number),
        selfApproved: false,
        reason: 'too much',
      },
    ])
  })

  it('shows those who oversee the workspace everything but the arguments', async () => {
    await using test = await openTestApprovals()
    const rule = decision({}, { approvers: [{ group: 'security', quorum: 1 }] })
    const { id } = await asked(test, { ...intent, decision: rule })
    for (const viewer of [person('usr_audit', 'auditor'), person('usr_ana', 'admin')]) {
      const card = await test.approvals.read(viewer, id)
      expect(card).toMatchObject({ arguments: null, rules: ['writes-ask'] })
    }
  })

  it('shows nothing to anyone else, as if it were not there', async () => {
    await using test = await openTestApprovals()
    const { id } = await asked(test)
    const cleo = person('usr_cleo', 'member')
    await expect(test.approvals.read(cleo, id)).rejects.toMatchObject({ code: 'not_found' })
    expect(await test.approvals.list(cleo, {})).toEqual({ items: [] })
    const elsewhere = { ...person('usr_ana'), workspaceId: 'wsp_1' }
    await expect(test.approvals.read(elsewhere, id)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a list', () => {
  it('goes page by page, newest first, without arguments', async () => {
    await using test = await openTestApprovals()
    for (let amount = 0; amount < 5; amount += 1) {
      test.world.nowMs += 60_000
      await asked(test, intentOf({ call: call({ amount }) }))
    }
    const seen = []
    let cursor: string | undefined
    do {
      const page = await test.approvals.list(person('usr_ana'), {
        limit: 2,
        state: 'PENDING',
        ...(cursor !== undefined && { cursor }),
      })
      seen.push(...page.items)
      cursor = page.next
    } while (cursor !== undefined)
    expect(seen.map(({ createdAt }) => createdAt)).toEqual(
      seen.map(({ createdAt }) => createdAt).toSorted((a, b) => b - a),
    )
    expect(seen).toHaveLength(5)
    expect(JSON.stringify(seen)).not.toContain('amount')
  })
})

describe('taking back', () => {
  it('is for the requester while it may not have run', async () => {
    await using test = await openTestApprovals()
    const { id } = await asked(test)
    await expect(test.approvals.withdraw(person('usr_ana'), id)).rejects.toMatchObject({
      code: 'not_eligible',
    })
    expect(await test.approvals.withdraw(person('usr_rita', 'member'), id)).toMatchObject({
      state: 'CANCELLED',
    })
  })

  it('of an approval is for approvers and administrators, with a reason', async () => {
    await using test = await openTestApprovals()
    const approval = await asked(test)
    const reason = { reason: 'second thoughts' }
    await expect(
      test.approvals.revoke(person('usr_ben', 'approver'), approval.id, reason),
    ).rejects.toMatchObject({ code: 'wrong_state' })
    await test.approve(approval)
    await expect(
      test.approvals.revoke(person('usr_rita', 'member'), approval.id, reason),
    ).rejects.toMatchObject({ code: 'not_eligible' })
    expect(
      await test.approvals.revoke(person('usr_ben', 'approver'), approval.id, reason),
    ).toMatchObject({ state: 'REVOKED' })
  })

  it('ends what a client waits for', async () => {
    await using test = await openTestApprovals()
    test.world.people = [voter('usr_ana', 'admin')]
    const waiting = test.approvals.ask(intent, never)
    const { id } = await test.waitFor('PENDING')
    await test.approvals.withdraw(person('usr_rita', 'owner'), id)
    expect(await waiting).toMatchObject({ state: 'refused', status: { state: 'CANCELLED' } })
  })
})
