import { expect, it } from 'vitest'

import { createReadsArguments } from './reads-arguments.ts'
import { item, payout, policyOf, rule, stripe } from './testing.ts'

type Case = readonly [what: string, over: Parameters<typeof rule>[0]]

const reads = (over: Case[1]): boolean =>
  createReadsArguments(policyOf([rule(over)]))(stripe, payout)

const when = 'args.amount > 10.0'

const reading: readonly Case[] = [
  ['a deny', { effect: 'deny', when }],
  ['an ask', { effect: 'require_approval', when }],
  ['a gate', { effect: 'require_approval', gate: true, when }],
  ['one about somebody else', { effect: 'deny', when, scope: { principals: ['user:other'] } }],
  ['one about the label', { effect: 'deny', when, scope: { resources: ['label:write'] } }],
  ['one inside a macro', { effect: 'deny', when: '[1.0].exists(x, x == args.amount)' }],
  ['one that compiles no more', { effect: 'deny', when: 'args.memo.matches("x")' }],
]

it.each(reading)('%s reads arguments (POL-15)', (_what, over) => {
  expect(reads(over)).toBe(true)
})

const others: readonly Case[] = [
  ['an allow', { when }],
  ['a deny without condition', { effect: 'deny' }],
  ['a deny on other facts', { effect: 'deny', when: 'user.mfa' }],
  ['a deny in shadow mode', { effect: 'deny', when, mode: 'shadow' }],
  ['a deny of another tool', { effect: 'deny', when, scope: { resources: ['tool:stripe/x'] } }],
  ['a deny of another action', { effect: 'deny', when, scope: { actions: ['prompt.get'] } }],
]

it.each(others)('%s is no reason to be strict (POL-15)', (_what, over) => {
  expect(reads(over)).toBe(false)
})

it('sees a label that moved, because the item is another one then', () => {
  const readsArguments = createReadsArguments(
    policyOf([rule({ effect: 'deny', when, scope: { resources: ['label:write'] } })]),
  )
  expect(readsArguments(stripe, payout)).toBe(true)
  expect(readsArguments(stripe, item({ labels: ['read'] }))).toBe(false)
})
