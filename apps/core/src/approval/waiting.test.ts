import { describe, expect, it } from 'vitest'

import { call, claimIn, intentOf, never, person } from './fixtures.ts'
import { quiet } from './test-timers.ts'
import { openTestApprovals } from './testing.ts'

describe('limits (APR-52)', () => {
  it('lets one agent have 10 open approvals, and tells of the eleventh', async () => {
    await using test = await openTestApprovals()
    const client = new AbortController()
    const ask = (amount: number) =>
      test.approvals.ask(intentOf({ call: call({ amount }) }), client.signal)
    const asked = Array.from({ length: 10 }, (_, amount) => ask(amount))
    await quiet()
    await expect(ask(10)).rejects.toMatchObject({
      code: 'approval_limited',
      facts: { retryAfterS: 60 },
    })
    expect(test.store.drafts().filter(({ type }) => type === 'approval.flood')).toHaveLength(1)
    client.abort()
    await Promise.all(asked)
  })

  it('lets one agent open 30 an hour, decided or not', async () => {
    await using test = await openTestApprovals()
    for (let amount = 0; amount < 30; amount += 1) {
      const asked = test.approvals.ask(intentOf({ call: call({ amount }) }), never)
      const { id, bind } = await test.waitFor('PENDING')
      await test.approvals.vote(person('usr_ana'), id, { vote: 'no', bind, reason: 'no no' })
      await asked
    }
    const next = () => test.approvals.ask(intentOf({ call: call({ amount: 30 }) }), never)
    await expect(next()).rejects.toMatchObject({ code: 'approval_limited' })
    await test.timers.jump(3_600_000)
    void next()
    await test.waitFor('PENDING')
    await test.timers.pass(45_000)
  })
})

describe('waiting (APR-45)', () => {
  it('costs one query a second for everyone who waits, and wakes only whom it concerns', async () => {
    const looks: string[] = []
    let poll = (): void => undefined
    await using test = await openTestApprovals(({ store }) => ({
      store: {
        ...store,
        query(name, args) {
          looks.push(name)
          return store.query(name, args)
        },
        hints: {
          on(topic, wake) {
            poll = wake
            return store.hints.on(topic, wake)
          },
        },
      },
    }))
    const client = new AbortController()
    const waiting = Array.from({ length: 100 }, (_, at) =>
      test.approvals.ask(intentOf({ call: call({ amount: at % 10 }) }), client.signal),
    )
    await quiet()
    await quiet()
    looks.length = 0
    for (let second = 0; second < 10; second += 1) {
      poll()
      await quiet()
    }
    expect(looks).toEqual(Array.from({ length: 10 }, () => 'approval.changes'))
    client.abort()
    await Promise.all(waiting)
  })

  it('notices what another process decided (APR-1)', async () => {
    await using test = await openTestApprovals()
    const asked = test.approvals.ask(intentOf(), never)
    const { id, bind } = await test.waitFor('PENDING')
    await test.replica().vote(person('usr_ana'), id, { vote: 'yes', bind })
    expect(claimIn(await asked)).toMatchObject({ approvalId: id, fence: 1 })
  })
})
