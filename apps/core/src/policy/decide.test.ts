import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Effect } from '../model/decision.ts'
import { decide } from './decide.ts'
import { createDecisionCache } from './decision-cache.ts'
import type { Rule } from './rule.ts'
import { call, item, policyOf, question, robot, rule } from './testing.ts'

const OUTCOMES = { true: undefined, false: 'false', error: 'args.missing == 1.0' } as const
type OutcomeName = keyof typeof OUTCOMES

const effectOf = (rules: readonly Rule[], over: Parameters<typeof question>[0] = {}): Effect =>
  decide(policyOf(rules), question(over)).effect

const withOutcome = (over: Parameters<typeof rule>[0], outcome: OutcomeName): Rule => {
  const when = OUTCOMES[outcome]
  return rule({ ...over, ...(when !== undefined && { when }) })
}

describe('one rule beside an allow', () => {
  // Every row of the table: what the rule makes of a call that is otherwise allowed, and of one that is not.
  const rows = [
    ['deny', 'true', 'deny', 'deny'],
    ['deny', 'false', 'allow', 'deny'],
    ['deny', 'error', 'deny', 'deny'],
    ['ask', 'true', 'require_approval', 'require_approval'],
    ['ask', 'false', 'allow', 'deny'],
    ['ask', 'error', 'require_approval', 'deny'],
    ['gate', 'true', 'require_approval', 'deny'],
    ['gate', 'false', 'allow', 'deny'],
    ['gate', 'error', 'require_approval', 'deny'],
    ['allow', 'true', 'allow', 'allow'],
    ['allow', 'false', 'allow', 'deny'],
    ['allow', 'error', 'allow', 'deny'],
  ] as const
  const EFFECTS = {
    deny: { effect: 'deny' },
    ask: { effect: 'require_approval' },
    gate: { effect: 'require_approval', gate: true },
    allow: { effect: 'allow' },
  } as const

  it.each(rows)(
    'a %s that is %s makes it %s, and alone %s (POL-18)',
    (kind, outcome, beside, alone) => {
      const one = withOutcome(EFFECTS[kind], outcome)
      expect(effectOf([rule(), one])).toBe(beside)
      expect(effectOf([one])).toBe(alone)
    },
  )

  it.each(rows)('a %s that is %s changes nothing in shadow mode (POL-18)', (kind, outcome) => {
    const one = withOutcome({ ...EFFECTS[kind], mode: 'shadow' }, outcome)
    expect(effectOf([rule(), one])).toBe('allow')
    expect(effectOf([one])).toBe('deny')
    const { shadow, matched } = decide(policyOf([one]), question())
    expect(shadow.map((hit) => hit.rule)).toEqual(outcome === 'false' ? [] : [one.id])
    expect(matched).toEqual([])
  })

  // For the side it is about, on both sides: the stricter result wins whichever side it comes from.
  it.each(rows)(
    'a %s that is %s counts for either side alone (POL-19)',
    (kind, outcome, beside) => {
      for (const principals of [['user:usr_ana'], ['agent:agt_1']]) {
        const one = withOutcome({ ...EFFECTS[kind], scope: { principals } }, outcome)
        expect(effectOf([rule(), one])).toBe(beside)
      }
    },
  )
})

it('denies a call that no rule matches (POL-18)', () => {
  expect(decide(policyOf([]), question())).toMatchObject({ effect: 'deny', reason: 'no_rule' })
})

describe('the two sides of a principal (POL-19)', () => {
  const forUser = rule({ scope: { principals: ['group:finance'] } })
  const forAgent = rule({ scope: { principals: ['agent-label:owned'] } })

  it('denies what only the user may do', () => {
    expect(effectOf([forUser])).toBe('deny')
  })

  it('denies what only the agent may do', () => {
    expect(effectOf([forAgent])).toBe('deny')
  })

  it('allows what both may do', () => {
    expect(effectOf([forUser, forAgent])).toBe('allow')
  })

  it('joins restrictions of both sides', () => {
    const askUser = rule({
      effect: 'require_approval',
      gate: true,
      scope: { principals: ['role:member'] },
    })
    const askAgent = rule({
      effect: 'require_approval',
      gate: true,
      scope: { principals: ['client:claude'] },
    })
    const { matched, effect } = decide(policyOf([forUser, forAgent, askUser, askAgent]), question())
    expect(effect).toBe('require_approval')
    expect(matched.map((hit) => hit.rule)).toEqual(
      expect.arrayContaining([askUser.id, askAgent.id]),
    )
  })

  it('lets no rule for anyone grant an agent that nobody stands behind', () => {
    expect(effectOf([rule()], { principal: robot })).toBe('deny')
    const named = rule({ scope: { principals: ['agent:agt_bot'] } })
    expect(effectOf([named], { principal: robot })).toBe('allow')
    expect(effectOf([named, rule({ effect: 'deny' })], { principal: robot })).toBe('deny')
  })
})

describe('properties', () => {
  const whens = [
    undefined,
    'false',
    'args.missing == 1.0',
    'args.amount > 10.0',
    'user.mfa',
  ] as const
  const anyRule = fc
    .record({
      effect: fc.constantFrom('allow', 'require_approval', 'deny'),
      gate: fc.boolean(),
      mode: fc.constantFrom('enforce', 'enforce', 'shadow'),
      when: fc.constantFrom(...whens),
      principals: fc.constantFrom('any', 'group:finance', 'agent-label:owned', 'user:other'),
      resources: fc.constantFrom('any', 'server:stripe', 'tool:stripe/create_*', 'label:write'),
    })
    .map(({ when, principals, resources, gate, ...over }) =>
      rule({
        ...over,
        ...(when !== undefined && { when }),
        gate: gate && over.effect === 'require_approval',
        scope: { principals: [principals], resources: [resources] },
      }),
    )
  const anyRules = fc.array(anyRule, { maxLength: 6 })
  const anyArgs = fc.constantFrom({}, { amount: 5 }, { amount: 50 }, { amount: '50' })
  const STRICTNESS = { allow: 0, require_approval: 1, deny: 2 } as const

  // The guarantee behind every review of rules: a restriction that is added can never open something.
  it('a restriction that is added never makes a decision weaker (POL-T1)', () => {
    const restriction = anyRule.filter(({ effect, gate }) => effect === 'deny' || gate)
    fc.assert(
      fc.property(anyRules, restriction, anyArgs, (rules, added, args) => {
        const over = { call: call({ args }) }
        const [before, after] = [effectOf(rules, over), effectOf([...rules, added], over)]
        expect(STRICTNESS[after]).toBeGreaterThanOrEqual(STRICTNESS[before])
      }),
      { numRuns: 1500 },
    )
  })

  it('the order of rules never matters (POL-3)', () => {
    const shuffled = anyRules.chain((rules) =>
      fc.tuple(fc.constant(rules), fc.shuffledSubarray(rules, { minLength: rules.length })),
    )
    fc.assert(
      fc.property(shuffled, anyArgs, ([rules, other], args) => {
        const over = { call: call({ args }) }
        const [a, b] = [
          decide(policyOf(rules), question(over)),
          decide(policyOf(other), question(over)),
        ]
        expect([b.effect, b.reason, b.obligations]).toEqual([a.effect, a.reason, a.obligations])
      }),
      { numRuns: 500 },
    )
  })

  it('only a matching grant makes anything but a denial (POL-18)', () => {
    fc.assert(
      fc.property(anyRules, anyArgs, (rules, args) => {
        const { effect, matched } = decide(policyOf(rules), question({ call: call({ args }) }))
        const isGranted = matched.some((hit) => hit.effect !== 'deny' && !hit.gate && !hit.errored)
        expect(effect === 'deny' || isGranted).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('actions', () => {
  it('denies where nobody can be asked (POL-21)', () => {
    const action = 'completion.get'
    const prompt = item({ kind: 'prompt', name: 'p' })
    const ask = rule({ effect: 'require_approval', scope: { actions: [action] } })
    const over = { call: call({ action, method: 'completion/complete', item: prompt, name: 'p' }) }
    expect(decide(policyOf([ask]), question(over))).toMatchObject({
      effect: 'deny',
      reason: 'ask_unsupported',
    })
  })

  it('denies a subscription that a person would have to approve (POL-20)', () => {
    const resource = item({ kind: 'resource', name: 'file:///a' })
    const ask = rule({ effect: 'require_approval', scope: { actions: ['resource.read'] } })
    const read = call({
      action: 'resource.read',
      method: 'resources/read',
      item: resource,
      name: 'file:///a',
    })
    expect(effectOf([ask], { call: read })).toBe('require_approval')
    expect(effectOf([ask], { call: { ...read, method: 'resources/subscribe' } })).toBe('deny')
  })

  it('completes nothing for a prompt that is denied (POL-20)', () => {
    const allow = rule({ scope: { actions: ['completion.get', 'prompt.get'] } })
    const deny = rule({
      effect: 'deny',
      scope: { actions: ['prompt.get'], resources: ['prompt:stripe/p'] },
    })
    const prompt = item({ kind: 'prompt', name: 'p' })
    const complete = call({
      action: 'completion.get',
      method: 'completion/complete',
      item: prompt,
      name: 'p',
    })
    expect(effectOf([allow], { call: complete })).toBe('allow')
    expect(effectOf([allow, deny], { call: complete })).toBe('deny')
  })

  it('denies an unknown method until a rule names exactly it (POL-20, MCP-2)', () => {
    const { item: _none, ...rest } = call({ action: 'rpc.other', method: 'x/y', name: 'x/y' })
    expect(effectOf([rule()], { call: rest })).toBe('deny')
    const naming = (...resources: readonly string[]) =>
      rule({ scope: { actions: ['rpc.other'], resources: [...resources] } })
    expect(effectOf([naming('method:stripe/x/y')], { call: rest })).toBe('allow')
    for (const wide of ['any', 'server:stripe', 'method:stripe/x/*', 'method:other/x/y']) {
      expect(effectOf([naming(wide)], { call: rest })).toBe('deny')
    }
    const denying = { ...naming('method:stripe/x/*'), effect: 'deny' as const }
    expect(effectOf([naming('method:stripe/x/y'), denying], { call: rest })).toBe('deny')
  })

  it('denies a tool call that names nothing in the catalogue', () => {
    const { item: _none, ...rest } = call()
    expect(effectOf([rule()], { call: rest })).toBe('deny')
  })
})

describe('expiry', () => {
  const expiring = rule({ expires_at: Date.UTC(2026, 10, 23, 10) })

  it('an expired allow grants nothing (POL-1)', () => {
    const [policy, cache] = [policyOf([expiring]), createDecisionCache()]
    const at = (hour: number) => question({ facts: { nowMs: Date.UTC(2026, 10, 23, hour) } })
    expect(decide(policy, at(9), cache).effect).toBe('allow')
    expect(decide(policy, at(10), cache).effect).toBe('deny')
  })
})
