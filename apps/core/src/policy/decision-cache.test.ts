import fc from 'fast-check'
import { expect, it } from 'vitest'

import { decide } from './decide.ts'
import { createDecisionCache } from './decision-cache.ts'
import { ana, call, payout, policyOf, question, robot, rule, stripe } from './testing.ts'

it('sees a label that moved, because the item is another one then', () => {
  const [policy, cache] = [
    policyOf([rule({ scope: { resources: ['label:read'] } })]),
    createDecisionCache(),
  ]
  const one = question({ call: call({ item: { ...payout, labels: ['read'] } }) })
  expect(decide(policy, one, cache).effect).toBe('allow')
  const moved = question({ call: call({ item: { ...payout, labels: ['write'] } }) })
  expect(decide(policy, moved, cache).effect).toBe('deny')
})

it('keeps principals of different scope apart', () => {
  const [policy, cache] = [policyOf([rule()]), createDecisionCache()]
  expect(decide(policy, question(), cache).effect).toBe('allow')
  expect(decide(policy, question({ principal: robot }), cache).effect).toBe('deny')
  expect(decide(policy, question({ principal: ana }), cache).effect).toBe('allow')
})

it('does not answer for another server with the plans of this one', () => {
  const [policy, cache] = [
    policyOf([rule({ scope: { resources: ['server:stripe'] } })]),
    createDecisionCache(),
  ]
  expect(decide(policy, question(), cache).effect).toBe('allow')
  const elsewhere = call({ server: { ...stripe, slug: 'other' } })
  expect(decide(policy, question({ call: elsewhere }), cache).effect).toBe('deny')
})

it('never changes a decision', () => {
  const anyWhen = fc.constantFrom(undefined, 'args.amount > 10.0', 'tool.risk > 10.0', 'args.nope')
  const anyRules = fc.array(
    fc
      .record({ effect: fc.constantFrom('allow', 'require_approval', 'deny'), when: anyWhen })
      .map(({ effect, when }) => rule({ effect, ...(when !== undefined && { when }) })),
    { maxLength: 4 },
  )
  const anyArgs = fc.array(fc.constantFrom({}, { amount: 5 }, { amount: 50 }), { minLength: 3 })
  const property = fc.property(anyRules, anyArgs, (rules, all) => {
    const [policy, cache] = [policyOf(rules), createDecisionCache()]
    for (const args of all) {
      const one = question({ call: call({ args }) })
      expect(decide(policy, one, cache)).toEqual(decide(policy, one))
    }
  })
  fc.assert(property, { numRuns: 500 })
  expect.hasAssertions()
})
