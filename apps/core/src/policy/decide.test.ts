import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Effect } from '../model/decision.ts'
import { decide } from './decide.ts'
import { createDecisionCache } from './decision-cache.ts'
import type { Rule } from './rule.ts'
import { ana, call, item, payout, policyOf, question, robot, rule, stripe } from './testing.ts'

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
      { numRuns: 3000 },
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
      { numRuns: 1000 },
    )
  })

  it('the cache never changes a decision', () => {
    fc.assert(
      fc.property(anyRules, fc.array(anyArgs, { minLength: 3, maxLength: 3 }), (rules, all) => {
        const [policy, cache] = [policyOf(rules), createDecisionCache()]
        for (const args of all) {
          const one = question({ call: call({ args }) })
          expect(decide(policy, one, cache)).toEqual(decide(policy, one))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('only a matching grant makes anything but a denial (POL-18)', () => {
    fc.assert(
      fc.property(anyRules, anyArgs, (rules, args) => {
        const { effect, matched } = decide(policyOf(rules), question({ call: call({ args }) }))
        const grants = matched.filter((hit) => hit.effect !== 'deny' && !hit.gate && !hit.errored)
        if (effect !== 'deny') expect(grants.length).toBeGreaterThan(0)
      }),
      { numRuns: 1000 },
    )
  })
})

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

  it('denies an unknown method until a rule names it (POL-20)', () => {
    const { item: _none, ...rest } = call({ action: 'rpc.other', method: 'x/y', name: 'x/y' })
    expect(effectOf([rule()], { call: rest })).toBe('deny')
    const named = rule({ scope: { actions: ['rpc.other'], resources: ['method:stripe/x/*'] } })
    expect(effectOf([named], { call: rest })).toBe('allow')
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

describe('the cache', () => {
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
})
