import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'

import type { Action } from '../model/call.ts'
import { decide } from './decide.ts'
import { createDecisionCache } from './decision-cache.ts'
import { explain } from './explain.ts'
import { isListed } from './list.ts'
import { call, compileCondition, payout, policyOf, question, rule, stripe } from './testing.ts'

const SOURCES = join(import.meta.dirname, '../../../..')

const WHENS = [
  undefined,
  'args.amount > 10.0',
  'args.missing == 1.0',
  'now > timestamp("2026-11-23T09:00:00Z")',
  '"finance" in user.groups',
  'args.list.exists(x, x == args.amount)',
] as const

const anyRule = fc
  .record({
    effect: fc.constantFrom('allow', 'require_approval', 'deny'),
    mode: fc.constantFrom('enforce', 'enforce', 'shadow'),
    gate: fc.boolean(),
    when: fc.constantFrom(...WHENS),
    action: fc.constantFrom<Action>('tool.call', 'completion.get'),
    principal: fc.constantFrom('any', 'group:finance', 'agent-label:owned'),
  })
  .map(({ when, gate, action, principal, ...over }) =>
    rule({
      ...over,
      ...(when !== undefined && { when }),
      gate: gate && over.effect === 'require_approval',
      scope: { principals: [principal], actions: ['tool.call', action] },
    }),
  )
const anyRules = fc.array(anyRule, { maxLength: 5 })
const anyArgs = fc.constantFrom({}, { amount: 50 }, { amount: 'x' }, { amount: 1, list: [1, 2] })

describe('a decision', () => {
  it('is the same for the same question, changes nothing, and looks at no clock (POL-4)', () => {
    const now = vi.spyOn(Date, 'now')
    const random = vi.spyOn(Math, 'random')
    fc.assert(
      fc.property(anyRules, anyArgs, (rules, args) => {
        const policy = policyOf(rules)
        const asked = question({ call: freeze(call({ args: structuredClone(args) })) })
        const [calls, randoms] = [now.mock.calls.length, random.mock.calls.length]
        const first = decide(policy, asked)
        expect(first).not.toBeInstanceOf(Promise)
        expect(decide(policy, asked)).toEqual(first)
        expect([now.mock.calls.length, random.mock.calls.length]).toEqual([calls, randoms])
        expect(asked.call.args).toEqual(args)
      }),
      { numRuns: 300 },
    )
    vi.restoreAllMocks()
  })

  // Three ways to ask the rules. One that answers by itself would be a second entrance.
  it('is what a list foresees and what explaining explains (POL-22)', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(anyRules, anyArgs, (rules, args) => {
        const policy = policyOf(rules)
        const asked = question({ call: call({ args }) })
        const decision = decide(policy, asked, createDecisionCache())
        seen.add(decision.effect)
        expect(explain(policy, asked, compileCondition).decision).toEqual(decision)
        const { principal, facts } = asked
        const isShown = isListed(policy, { principal, server: stripe, item: payout, facts })
        expect(isShown || decision.effect === 'deny').toBe(true)
      }),
      { numRuns: 500 },
    )
    expect(seen.size).toBe(3)
  })
})

describe('the engine of conditions (POL-5)', () => {
  const importers = (module: string): readonly string[] =>
    globSync('{apps,packages}/*/src/**/*.ts', { cwd: SOURCES }).filter((path) =>
      new RegExp(`from '${module}(?:/[^']*)?'`).test(readFileSync(join(SOURCES, path), 'utf8')),
    )

  it('is imported by its adapter alone', () => {
    const found = importers('@marcbachmann/cel-js')
    expect(found).toContain('apps/core/src/policy/cel/program.ts')
    expect(found.filter((path) => !path.startsWith('apps/core/src/policy/cel/'))).toEqual([])
  })

  it('has another one beside it in tests alone', () => {
    const found = importers('@bufbuild/cel')
    expect(found).toContain('apps/core/src/policy/cel/program.test.ts')
    expect(found.filter((path) => !path.endsWith('.test.ts'))).toEqual([])
  })
})

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const member of Object.values(value)) freeze(member)
  return Object.freeze(value)
}
