import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ExactNumber } from '../ground/exact-number.ts'
import type { Effect } from '../model/decision.ts'
import { decide } from './decide.ts'
import { call, policyOf, question, rule } from './testing.ts'

const effectOf = (
  args: unknown,
  when: string,
  effect: Effect = 'deny',
  vars: Parameters<typeof policyOf>[1] = {},
): Effect => {
  const rules = effect === 'allow' ? [rule({ when })] : [rule(), rule({ effect, when })]
  return decide(policyOf(rules, vars), question({ call: call({ args }) })).effect
}

const long = new ExactNumber('9007199254740993')
const args = { n: long, list: [1, long], map: { n: long }, plain: 5 }

describe('a number that no double holds, before a rule that denies (MCP-92)', () => {
  it.each([
    'args.n > 10.0',
    'args.n < 10.0',
    'args.n >= 9007199254740992.0',
    'args.n < 9007199254740993',
    'args.n + 1.0 > 2.0',
    '-args.n < 0.0',
    'args.list[1] > 1.0',
    'args.list.exists(x, x > 1.0)',
    'args.map.n > 1.0',
    'args.n == 9007199254740992.0',
    'args.n != 9007199254740992.0',
    'args.n in [9007199254740992.0]',
    'args.n in vars.bad',
    'args.list == [1.0, 9007199254740992.0]',
    'args.n.constructor == 1.0',
    'args.n.rounded == 1.0',
    'has(args.n.rounded)',
    'size(args.n) > 0',
    'args.n == 9007199254740993',
    'args.n in [9007199254740993]',
  ])('is denied by %s: it is so, or nobody can say', (when) => {
    expect(effectOf(args, when, 'deny', { bad: [9_007_199_254_740_992] })).toBe('deny')
    expect(effectOf(args, when, 'require_approval', { bad: [9_007_199_254_740_992] })).toBe(
      'require_approval',
    )
  })

  it.each([
    'args.n == 5.0',
    'args.n == 9007199254740992',
    'args.n == "9007199254740993"',
    'args.n in [1.0, 2.0]',
    'args.n in vars.others',
    'args.plain > 10.0',
    'args.map == {"n": 1.0}',
    'has(args.other)',
  ])('is not denied by %s, which is certainly not so', (when) => {
    expect(effectOf(args, when, 'deny', { others: [1, 2] })).toBe('allow')
  })

  it.each([
    ['args.n > 10.0', 'deny'],
    ['args.n < 1e300', 'deny'],
    ['args.n == 9007199254740992.0', 'deny'],
    ['args.n == 9007199254740993', 'allow'],
    ['args.n != 5.0', 'allow'],
    ['args.plain == 5.0', 'allow'],
  ])('is granted nothing by %s unless that is certain', (when, expected) => {
    expect(effectOf(args, when, 'allow')).toBe(expected)
  })

  it('never passes a comparison as if it were the double next to it', () => {
    const big = fc.bigInt({ min: 2n ** 53n, max: 2n ** 69n })
    const operator = fc.constantFrom('<', '<=', '>', '>=', '==', '!=')
    fc.assert(
      fc.property(big, operator, (value, op) => {
        const exact = new ExactNumber(`${value}.5`)
        expect(effectOf({ n: exact }, `args.n ${op} ${exact.rounded}.0`, 'allow')).toBe('deny')
      }),
      { numRuns: 50 },
    )
  })
})
