import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { CatalogueItem } from '../model/server.ts'
import { decide } from './decide.ts'
import { isListed } from './list.ts'
import type { Rule } from './rule.ts'
import { ana, call, item, payout, policyOf, question, robot, rule, stripe } from './testing.ts'

const listed = (rules: readonly Rule[], over: Partial<Parameters<typeof isListed>[1]> = {}) =>
  isListed(policyOf(rules), {
    principal: ana,
    server: stripe,
    item: payout,
    facts: question().facts,
    ...over,
  })

describe('what a list shows (POL-35)', () => {
  it('hides what no rule grants', () => {
    expect(listed([])).toBe(false)
  })

  it('shows what some arguments would be allowed', () => {
    expect(listed([rule({ when: 'args.amount < 10.0' })])).toBe(true)
  })

  it('shows what only some arguments are denied', () => {
    expect(listed([rule(), rule({ effect: 'deny', when: 'args.amount > 10.0' })])).toBe(true)
  })

  it('hides what everyone is denied', () => {
    expect(listed([rule(), rule({ effect: 'deny' })])).toBe(false)
  })

  it('hides what only one side of the principal is granted', () => {
    expect(listed([rule({ scope: { principals: ['group:finance'] } })])).toBe(false)
  })

  it('hides what a condition on facts known already denies', () => {
    expect(listed([rule(), rule({ effect: 'deny', when: '"finance" in user.groups' })])).toBe(false)
    expect(listed([rule({ when: 'tool.risk > 90.0' })])).toBe(false)
  })

  it('shows what people are asked for', () => {
    expect(listed([rule({ effect: 'require_approval' })])).toBe(true)
  })

  it('shows nothing for a gate, which grants nothing', () => {
    expect(listed([rule({ effect: 'require_approval', gate: true })])).toBe(false)
  })

  it('shows nothing to an agent alone by a rule for anyone', () => {
    expect(listed([rule()], { principal: robot })).toBe(false)
  })

  it('shows a template when a rule is about some of its URIs', () => {
    const template = item({ kind: 'resource_template', name: 'file:///{path}' })
    const reads = {
      actions: ['resource.read' as const],
      resources: ['resource:stripe/file:///a/**'],
    }
    expect(listed([rule({ scope: reads })], { item: template })).toBe(true)
    const deny = rule({ effect: 'deny', scope: reads })
    const allow = rule({ scope: { ...reads, resources: ['server:stripe'] } })
    expect(listed([allow, deny], { item: template })).toBe(true)
  })

  it('ignores rules in shadow mode (POL-34)', () => {
    expect(listed([rule({ mode: 'shadow' })])).toBe(false)
    expect(listed([rule(), rule({ effect: 'deny', mode: 'shadow' })])).toBe(true)
  })
})

const WHENS = [
  undefined,
  undefined,
  'args.amount > 10.0',
  'args.nope == 1.0',
  'tool.risk > 50.0',
  'risk > 50.0',
  'user.mfa',
  'user.nope == "x"',
  'ip == "10.1.2.3"',
  '"write" in tool.labels',
  'now > timestamp("2026-01-01T00:00:00Z") || args.amount > 1.0',
] as const
const RESOURCES = [
  'any',
  'server:stripe',
  'tool:stripe/create_payout',
  'tool:stripe/*',
  'label:write',
]
const PRINCIPALS = ['any', 'group:finance', 'agent-label:owned', 'agent:agt_bot', 'role:nobody']

// Hiding a callable tool is a defect that nobody can see from inside a client.
it('never hides an entry that could be called (POL-T6)', () => {
  const anyRule = fc
    .record({
      effect: fc.constantFrom('allow', 'allow', 'require_approval', 'deny'),
      gate: fc.boolean(),
      mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'shadow'),
      when: fc.constantFrom(...WHENS),
      principal: fc.constantFrom(...PRINCIPALS),
      resource: fc.constantFrom(...RESOURCES),
    })
    .map(({ when, principal, resource, gate, ...over }) =>
      rule({
        ...over,
        gate: gate && over.effect === 'require_approval',
        ...(when !== undefined && { when }),
        scope: { principals: [principal], resources: [resource] },
      }),
    )
  const anyItem = fc.record({
    risk: fc.constantFrom(10, 90),
    labels: fc.constantFrom([], ['write']),
  })
  const anyArgs = fc.constantFrom({}, { amount: 5 }, { amount: 50 }, { amount: 'x' })
  const counts = { callable: 0, hidden: 0 }
  const property = fc.property(
    fc.array(anyRule, { minLength: 1, maxLength: 5 }),
    fc.constantFrom(ana, robot),
    anyItem,
    fc.array(anyArgs, { minLength: 4, maxLength: 4 }),
    (rules, principal, over, all) => {
      const policy = policyOf(rules)
      const one: CatalogueItem = item(over)
      const { facts } = question()
      const isShown = isListed(policy, { principal, server: stripe, item: one, facts })
      const isCallable = all.some((args) => {
        const asked = question({ principal, call: call({ item: one, args }) })
        return decide(policy, asked).effect !== 'deny'
      })
      counts.callable += isCallable ? 1 : 0
      counts.hidden += isShown ? 0 : 1
      return isShown || !isCallable
    },
  )
  fc.assert(property, { numRuns: 5000 })
  // The property says something only where both happen.
  expect(counts.callable).toBeGreaterThan(500)
  expect(counts.hidden).toBeGreaterThan(500)
})
