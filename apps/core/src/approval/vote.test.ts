import { describe, expect, it } from 'vitest'

import type { Role } from '../model/principal.ts'
import {
  claimIn,
  clearance,
  decision,
  intentOf,
  never,
  person,
  principal,
  voter,
} from './fixtures.ts'
import { quiet } from './test-timers.ts'
import { openTestApprovals, type TestApprovals } from './testing.ts'

const asked = async (test: TestApprovals, intent = intentOf()) => {
  test.world.decision = intent.decision
  const client = new AbortController()
  const answer = test.approvals.ask(intent, client.signal)
  const approval = await test.waitFor('PENDING')
  client.abort()
  await answer
  return approval
}

const underTerms = (...terms: Parameters<typeof decision>) =>
  intentOf({ decision: decision(...terms) })

describe('who may vote (APR-15, APR-16, APR-T6)', () => {
  it.each([
    ['the requester', 'usr_rita', 'self_approval', 'approver'],
    ['a member of no group that the rule names', 'usr_cleo', 'not_eligible', 'member'],
    ['an auditor, whatever the group', 'usr_audit', 'not_eligible', 'auditor'],
    ['someone who left', 'usr_gone', 'not_eligible', 'approver'],
  ] as const)('refuses %s', async (_name, userId, code, role) => {
    await using test = await openTestApprovals()
    test.world.people = test.world.people.map((each) =>
      each.userId === userId ? { ...each, role: role satisfies Role } : each,
    )
    const { id, bind } = await asked(test)
    for (const vote of ['yes', 'no'] as const) {
      const ballot = { vote, bind, reason: 'because' }
      await expect(test.approvals.vote(person(userId), id, ballot)).rejects.toMatchObject({ code })
    }
    expect(await test.read(id)).toMatchObject({ state: 'PENDING', votes: [] })
  })

  it('refuses the owner of an agent as its requester', async () => {
    await using test = await openTestApprovals()
    const { agent } = principal()
    const owned = principal({ agent: { ...agent, ownerId: 'usr_ana' } })
    const approval = await asked(test, intentOf({ principal: owned }))
    await expect(test.approve(approval)).rejects.toMatchObject({ code: 'self_approval' })
    await test.approve(approval, 'usr_ben')
  })

  it('lets the only person of a workspace approve, and records that it was their own request', async () => {
    await using test = await openTestApprovals()
    test.world.people = [voter('usr_rita', 'owner')]
    const approval = await asked(test)
    await test.approve(approval, 'usr_rita')
    expect(await test.read(approval.id)).toMatchObject({
      state: 'APPROVED',
      votes: [{ voterId: 'usr_rita', isSelfApproved: true }],
    })
    const event = test.store.drafts().find(({ type }) => type === 'approval.approved')
    expect(event?.fields).toContain('"self_approved":true')
  })

  it('refuses even the only person where the rule says so', async () => {
    await using test = await openTestApprovals()
    test.world.people = [voter('usr_rita', 'owner')]
    const strict = underTerms({}, { self: false })
    await expect(test.approvals.ask(strict, never)).rejects.toMatchObject({
      code: 'no_eligible_approver',
    })
  })

  it('takes only votes of people whom the rule names, in place of the approvers', async () => {
    await using test = await openTestApprovals()
    const rule = underTerms({}, { approvers: [{ group: 'security', quorum: 1 }] })
    const approval = await asked(test, rule)
    await expect(test.approve(approval)).rejects.toMatchObject({ code: 'not_eligible' })
    await test.approve(approval, 'usr_cleo')
    expect((await test.read(approval.id)).state).toBe('APPROVED')
  })
})

describe('a quorum (APR-15, APR-17)', () => {
  it('needs so many people, and counts no one twice', async () => {
    await using test = await openTestApprovals()
    const approval = await asked(test, underTerms({}, { quorum: 2 }))
    await test.approve(approval)
    await test.approve(approval)
    const again = await test.read(approval.id)
    expect(again).toMatchObject({ state: 'PENDING', version: approval.version + 1 })
    expect(test.store.drafts().filter(({ type }) => type.includes('vote'))).toHaveLength(1)
    await test.approve(approval, 'usr_ben')
    expect((await test.read(approval.id)).state).toBe('APPROVED')
  })

  it('needs every group, and counts a person for each of theirs', async () => {
    await using test = await openTestApprovals()
    const approvers = [
      { group: 'finance', quorum: 1 },
      { group: 'security', quorum: 1 },
    ]
    const approval = await asked(test, underTerms({}, { approvers }))
    await test.approve(approval)
    expect((await test.read(approval.id)).state).toBe('PENDING')
    await test.approve(approval, 'usr_ben')
    expect((await test.read(approval.id)).state).toBe('APPROVED')
  })

  it('does not count the yes of someone who left since', async () => {
    await using test = await openTestApprovals()
    const approval = await asked(test, underTerms({}, { quorum: 2 }))
    await test.approve(approval)
    test.world.people = test.world.people.filter(({ userId }) => userId !== 'usr_ana')
    test.world.people.push(voter('usr_dan', 'approver'))
    await test.approve(approval, 'usr_ben')
    expect((await test.read(approval.id)).state).toBe('PENDING')
    await test.approve(approval, 'usr_dan')
    expect((await test.read(approval.id)).state).toBe('APPROVED')
  })

  it('lets a person change a yes to a no while nothing is decided', async () => {
    await using test = await openTestApprovals()
    const approval = await asked(test, underTerms({}, { quorum: 2 }))
    await test.approve(approval)
    const { id, bind } = approval
    await test.approvals.vote(person('usr_ana'), id, { vote: 'no', bind, reason: 'on reflection' })
    expect(await test.read(id)).toMatchObject({ state: 'DENIED', votes: [{ vote: 'no' }] })
  })
})

describe('a ballot', () => {
  it('is for exactly what was shown (APR-48)', async () => {
    await using test = await openTestApprovals()
    const { id } = await asked(test)
    for (const bind of ['', 'f'.repeat(64)]) {
      await expect(
        test.approvals.vote(person('usr_ana'), id, { vote: 'yes', bind }),
      ).rejects.toMatchObject({ code: 'revision_changed' })
    }
  })

  it.each([undefined, '', '  no ', 'x'.repeat(501)])(
    'that says no gives a reason of 3 to 500 characters, not %j (APR-18)',
    async (reason) => {
      await using test = await openTestApprovals()
      const { id, bind } = await asked(test)
      await expect(
        test.approvals.vote(person('usr_ana'), id, { vote: 'no', bind, reason }),
      ).rejects.toMatchObject({ code: 'reason_required' })
    },
  )

  it('that says yes needs a comment where the rule says so', async () => {
    await using test = await openTestApprovals()
    const { id, bind } = await asked(test, underTerms({}, { comment: 'required' }))
    const vote = (reason?: string) =>
      test.approvals.vote(person('usr_ana'), id, { vote: 'yes', bind, reason })
    await expect(vote()).rejects.toMatchObject({ code: 'reason_required' })
    expect(await vote('checked with Zoe')).toMatchObject({ state: 'APPROVED' })
  })

  it('needs the proof of presence that the rule asks for, to say yes only', async () => {
    await using test = await openTestApprovals()
    const approval = await asked(test, underTerms({}, { stepUp: 'passkey' }))
    await expect(test.approve(approval)).rejects.toMatchObject({ code: 'step_up_required' })
    test.world.hasSteppedUp = true
    await test.approve(approval)
    expect((await test.read(approval.id)).state).toBe('APPROVED')
  })

  it('says the same twice when its reply was lost, even after it decided (APR-17)', async () => {
    await using test = await openTestApprovals()
    const approval = await asked(test)
    await test.approve(approval)
    expect(await test.approve(approval)).toMatchObject({ state: 'APPROVED' })
    await expect(test.approve(approval, 'usr_ben')).rejects.toMatchObject({ code: 'wrong_state' })
  })

  it('is found by the code that people say', async () => {
    await using test = await openTestApprovals()
    const { code, bind } = await asked(test)
    const card = await test.approvals.vote(person('usr_ana'), code.toLowerCase(), {
      vote: 'yes',
      bind,
    })
    expect(card).toMatchObject({ code, state: 'APPROVED' })
    await expect(test.approvals.read(person('usr_ana'), 'APR-00000000')).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

describe('races (APR-T3)', () => {
  it('of 50 votes count each once and decide once', async () => {
    await using test = await openTestApprovals()
    test.world.people = Array.from({ length: 50 }, (_, at) => voter(`usr_${at}`, 'approver'))
    const approval = await asked(test, underTerms({}, { quorum: 5 }))
    const votes = await Promise.allSettled(
      test.world.people.map(({ userId }) => test.approve(approval, userId)),
    )
    expect(votes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    expect((await test.read(approval.id)).votes).toHaveLength(5)
    const types = test.store.drafts().map(({ type }) => type)
    expect(types.filter((type) => type === 'approval.approved')).toHaveLength(1)
    expect(types.filter((type) => type === 'approval.vote_recorded')).toHaveLength(4)
  })

  it('of 50 claims give one', async () => {
    await using test = await openTestApprovals()
    const approval = await asked(test)
    await test.approve(approval)
    const clients = Array.from({ length: 50 }, () => new AbortController())
    const answers = clients.map(({ signal }) => test.approvals.ask(intentOf(), signal))
    await quiet()
    await quiet()
    for (const client of clients) client.abort()
    const claims = (await Promise.all(answers)).filter((answer) => 'fence' in answer)
    expect(claims).toHaveLength(1)
    expect(await test.read(approval.id)).toMatchObject({ state: 'EXECUTING', fence: 1 })
  })

  it.each(Array.from({ length: 8 }, (_, round) => round))(
    'of a yes, a no, a withdrawal and the clock have one winner, whose word stays (round %i)',
    async (round) => {
      await using test = await openTestApprovals()
      const approval = await asked(test)
      const { id, bind } = approval
      const moves: readonly (() => Promise<unknown>)[] = [
        () => test.approve(approval),
        () => test.approvals.vote(person('usr_ben'), id, { vote: 'no', bind, reason: 'no no' }),
        () => test.approvals.withdraw(person('usr_rita'), id),
        async () => {
          test.world.nowMs = approval.decideByMs
          await test.approvals.sweep()
        },
      ]
      const rotated = [...moves.slice(round % 4), ...moves.slice(0, round % 4)]
      const order = round < 4 ? rotated : rotated.toReversed()
      await Promise.allSettled(order.map((move) => move()))
      const ends = test.store
        .drafts()
        .map(({ type }) => type)
        .filter((type) => /approved|denied|cancelled|expired/.test(type))
      const last = `approval.${(await test.read(id)).state.toLowerCase()}`
      // A withdrawal may follow an approval; nothing else follows anything.
      const allowed = [[last], ['approval.approved', 'approval.cancelled']]
      expect(allowed).toContainEqual(ends)
      expect(ends.at(-1)).toBe(last)
    },
  )

  it.each(['before', 'after'])(
    'of a claim and its being taken back %s let nothing be sent (APR-T3)',
    async (when) => {
      await using test = await openTestApprovals()
      const approval = await asked(test)
      await test.approve(approval)
      const client = new AbortController()
      const revoke = () =>
        test.approvals.revoke(person('usr_ana'), approval.id, { reason: 'second thoughts' })
      const ask = () => test.approvals.ask(intentOf(), client.signal)
      const [first, second] = when === 'before' ? [revoke(), ask()] : [ask(), revoke()]
      await quiet()
      client.abort()
      const answers = await Promise.all([first, second])
      expect((await test.read(approval.id)).state).toBe('REVOKED')
      for (const claim of answers.filter((answer) => 'fence' in answer)) {
        await expect(test.approvals.markSent(clearance(claimIn(claim)))).rejects.toMatchObject({
          code: 'lease_lost',
        })
      }
    },
  )
})
