import { describe, expect, it } from 'vitest'

import type { Effect } from '../model/decision.ts'
import { decide } from './decide.ts'
import type { Rule } from './rule.ts'
import { call, policyOf, question, rule } from './testing.ts'

const effectOf = (rules: readonly Rule[], over: Parameters<typeof question>[0] = {}): Effect =>
  decide(policyOf(rules), question(over)).effect

describe('hostile arguments (POL-T3)', () => {
  const denyLarge = rule({ effect: 'deny', when: 'args.amount > 1000.0' })
  const deep = (levels: number): unknown =>
    Array.from({ length: levels }).reduce<unknown>((inner) => ({ amount: inner }), 1)
  const hostile: readonly (readonly [string, unknown])[] = [
    ['text for a number', { amount: '5000' }],
    ['nothing', {}],
    ['null', { amount: null }],
    ['null for everything', null],
    ['a list for everything', [5000]],
    ['text for everything', 'amount'],
    ['a list for a number', { amount: [5000] }],
    ['an object for a number', { amount: { valueOf: 1 } }],
    ['a case variant', { Amount: 5000 }],
    ['an own __proto__', JSON.parse('{"__proto__": {"amount": 1}}')],
    ['an own constructor', JSON.parse('{"constructor": {"name": "Object"}}')],
    ['a shadowed hasOwnProperty', { hasOwnProperty: 1 }],
    ['65 levels', deep(65)],
    ['a lone surrogate', { amount: '\ud800' }],
    ['more nodes than may be judged', { amount: 1, list: Array.from({ length: 10_001 }, () => 0) }],
  ]

  it.each(hostile)('%s does not get past a deny', (_name, args) => {
    expect(effectOf([rule(), denyLarge], { call: call({ args }) })).toBe('deny')
  })

  it.each(hostile)('%s does not make an ask grant', (_name, args) => {
    const ask = rule({ effect: 'require_approval', when: 'args.amount > 1000.0' })
    expect(effectOf([ask], { call: call({ args }) })).toBe('deny')
    expect(effectOf([rule(), ask], { call: call({ args }) })).toBe('require_approval')
  })

  it('an integer beyond what a double holds compares as the double it is', () => {
    const over = { call: call({ args: { amount: 2 ** 53 + 2 } }) }
    expect(effectOf([rule(), denyLarge], over)).toBe('deny')
  })

  it('an inherited member is no member', () => {
    const when = 'has(args.toString) || has(args.constructor)'
    expect(effectOf([rule({ when })])).toBe('deny')
  })

  it('a condition that compiles no more denies where it denied (POL-28)', () => {
    expect(effectOf([rule(), rule({ effect: 'deny', when: 'args.s.matches("x")' })])).toBe('deny')
    expect(effectOf([rule({ when: 'args.s.matches("x")' })])).toBe('deny')
  })

  it('a value that is not true or false is an error (POL-9)', () => {
    const args = { amount: 'yes' }
    expect(effectOf([rule({ when: 'args.amount' })], { call: call({ args }) })).toBe('deny')
    const restricting = rule({ effect: 'deny', when: 'args.amount' })
    expect(effectOf([rule(), restricting], { call: call({ args }) })).toBe('deny')
  })

  it('a call whose arguments cost too much to judge is denied whole (POL-8)', () => {
    const list = Array.from({ length: 4000 }, (_entry, at) => at)
    const dear = Array.from({ length: 15 }, () => rule({ when: 'args.list.all(x, x >= 0.0)' }))
    const decision = decide(policyOf(dear), question({ call: call({ args: { list } }) }))
    expect(decision).toMatchObject({ effect: 'deny', reason: 'arguments_refused' })
    expect(effectOf(dear.slice(0, 3), { call: call({ args: { list } }) })).toBe('allow')
  })
})
