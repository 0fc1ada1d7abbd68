import fc from 'fast-check'
import { expect, it } from 'vitest'

import { decide } from './decide.ts'
import { defaultApproval } from './rule.ts'
import { mergeTerms } from './terms.ts'
import { policyOf, question, rule } from './testing.ts'

const MINUTE_MS = 60_000

it('asks by the default terms where no rule says more (POL-38)', () => {
  const { obligations } = decide(policyOf([rule({ effect: 'require_approval' })]), question())
  expect(obligations.approval).toEqual({
    approvers: [],
    quorum: 1,
    decideByMs: 15 * MINUTE_MS,
    executeByMs: 5 * MINUTE_MS,
    remember: 'none',
    edit: [],
    stepUp: 'none',
    comment: 'optional',
  })
})

it('takes the strictest of each term (POL-38)', () => {
  const merged = mergeTerms([
    {
      ...defaultApproval,
      approvers: [{ group: 'leads', quorum: 2 }],
      quorum: 1,
      self: true,
      decide_by: 10 * MINUTE_MS,
      remember: 'session',
      edit: ['/memo', '/note'],
      step_up: 'presence',
    },
    {
      ...defaultApproval,
      approvers: [
        { group: 'leads', quorum: 1 },
        { group: 'audit', quorum: 1 },
      ],
      quorum: 3,
      self: false,
      execute_by: MINUTE_MS,
      remember: 'long',
      edit: ['/note'],
      comment: 'required',
    },
  ])
  expect(merged).toEqual({
    approvers: [
      { group: 'audit', quorum: 1 },
      { group: 'leads', quorum: 2 },
    ],
    quorum: 3,
    self: false,
    decideByMs: 10 * MINUTE_MS,
    executeByMs: MINUTE_MS,
    remember: 'session',
    edit: ['/note'],
    stepUp: 'presence',
    comment: 'required',
  })
})

it('leaves self-approval to the workspace unless every rule allows it (POL-38, APR-16)', () => {
  const allows = { ...defaultApproval, self: true }
  expect(mergeTerms([allows, allows]).self).toBe(true)
  expect(mergeTerms([allows, defaultApproval])).not.toHaveProperty('self')
})

it('merges alike in any order', () => {
  const anyTerms = fc.record({
    approvers: fc.array(
      fc.record({ group: fc.constantFrom('a', 'b', 'c'), quorum: fc.integer({ min: 1, max: 5 }) }),
      { maxLength: 3 },
    ),
    quorum: fc.integer({ min: 1, max: 5 }),
    decide_by: fc.integer({ min: MINUTE_MS, max: 10 * MINUTE_MS }),
    execute_by: fc.integer({ min: MINUTE_MS, max: 10 * MINUTE_MS }),
    remember: fc.constantFrom('none', 'session', 'time', 'long'),
    edit: fc.subarray(['/a', '/b', '/c']),
    step_up: fc.constantFrom('none', 'presence', 'passkey'),
    comment: fc.constantFrom('optional', 'required'),
  })
  fc.assert(
    fc.property(anyTerms, anyTerms, anyTerms, (a, b, c) => {
      expect(mergeTerms([c, a, b])).toEqual(mergeTerms([a, b, c]))
    }),
    { numRuns: 300 },
  )
  expect.hasAssertions()
})
