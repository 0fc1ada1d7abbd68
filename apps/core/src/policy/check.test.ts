import { describe, expect, it } from 'vitest'

import { checkPolicy } from './check.ts'
import { initialPolicy } from './initial-policy.ts'
import type { CatalogueEntry } from './surroundings.ts'
import { around, compileCondition, item, payout, stripe } from './testing.ts'

type Over = Readonly<{ scope?: string; effect?: string; lines?: readonly string[] }>

const SCOPE =
  '{principals: [group:finance], actions: [tool.call], resources: ["tool:stripe/create_payout"]}'

const source = ({ scope = SCOPE, effect = 'deny', lines = [] }: Over = {}): string =>
  [
    'rules:',
    '  - id: a',
    `    scope: ${scope}`,
    `    effect: ${effect}`,
    ...lines.map((line) => `    ${line}`),
    'vars: {known: [a, b]}',
    '',
  ].join('\n')

const check = (text: string, catalogue: readonly CatalogueEntry[] = around.catalogue) =>
  checkPolicy(text, { ...around, catalogue }, compileCondition).report

const when = (condition: string, catalogue?: readonly CatalogueEntry[]) =>
  check(source({ lines: [`when: '${condition.replaceAll("'", "''")}'`] }), catalogue)

const codes = (report: ReturnType<typeof check>): readonly string[] =>
  report.map(({ code }) => code)

it.each(['', 'rules: []', 'vars: {a: 1}'])('warns of rules that are none: %j', (text) => {
  expect(check(text)).toMatchObject([{ severity: 'warning', code: 'no_rules' }])
})

it('finds nothing in rules that are right', () => {
  expect(check(source())).toEqual([])
  expect(check(initialPolicy)).toEqual([])
  expect(when('args.amount > 1000.0 || args.destinations.exists(d, !(d in vars.known))')).toEqual(
    [],
  )
})

describe('what the keys say together', () => {
  it.each([
    ['gate without an ask', { effect: 'deny', lines: ['gate: true'] }, 'parse_error'],
    ['terms without an ask', { lines: ['obligations: {approval: {quorum: 2}}'] }, 'parse_error'],
    ['an expiring deny', { lines: ['expires_at: 2027-01-01T00:00:00Z'] }, 'restriction_expires'],
    ['a personal rule', { lines: ['tier: personal'] }, 'not_supported_yet'],
    ['a guardrail that allows', { effect: 'allow', lines: ['guardrail: true'] }, 'parse_error'],
    [
      'a guardrail that grants',
      { effect: 'require_approval', lines: ['guardrail: true'] },
      'parse_error',
    ],
    [
      'an ask that nobody could answer (POL-21)',
      {
        effect: 'require_approval',
        scope: '{principals: [any], actions: [tool.call, completion.get], resources: [any]}',
      },
      'ask_unsupported',
    ],
  ] as const)('%s is an error (POL-1)', (_what, over, code) => {
    expect(codes(check(source(over)))).toEqual([code])
  })

  it.each([
    ['deny', []],
    ['require_approval', ['gate: true']],
  ])('a guardrail of effect %s is fine (POL-1)', (effect, lines) => {
    expect(check(source({ effect, lines: ['guardrail: true', ...lines] }))).toEqual([])
  })

  it('an id that is used twice is an error (POL-1)', () => {
    const twice = source().replace('vars:', `  - {id: a, scope: ${SCOPE}, effect: allow}\nvars:`)
    expect(check(twice)).toMatchObject([{ code: 'duplicate_id', rule: 'a', line: 5 }])
  })
})

describe('names in a scope (POL-26)', () => {
  const scoped = (principal: string, resource: string) =>
    source({
      scope: `{principals: ["${principal}"], actions: [tool.call], resources: ["${resource}"]}`,
    })

  it.each([
    'user:usr_bob',
    'group:fnance',
    'role:boss',
    'agent:agt_9',
    'client:cursor',
    'agent-label:none',
  ])('%s that does not exist is an error', (principal) => {
    expect(codes(check(scoped(principal, 'any')))).toEqual(['unknown_reference'])
  })

  it.each(['server:strip', 'tool:stripe/pay', 'tool:strip/*', 'prompt:stripe/x', 'label:writ'])(
    '%s that does not exist is an error',
    (resource) => {
      expect(codes(check(scoped('any', resource)))).toEqual(['unknown_reference'])
    },
  )

  it.each(['FILE:///**', 'file:///%61', 'file:///a/../b'])(
    'a pattern that no normalised URI matches, %s, is an error (POL-16)',
    (pattern) => {
      expect(codes(check(scoped('any', `resource:stripe/${pattern}`)))).toEqual(['parse_error'])
    },
  )

  it.each([
    'any',
    'server:stripe',
    'tool:stripe/delete_*',
    'resource:stripe/file:///**',
    'label:destructive',
  ])('%s is fine', (resource) => {
    expect(check(scoped('any', resource))).toEqual([])
  })

  it('a name that is excused is a warning', () => {
    const text = source({
      scope: '{principals: [any], actions: [tool.call], resources: ["tool:stripe/soon"]}',
      lines: ['allow_unresolved: true'],
    })
    expect(check(text)).toMatchObject([{ code: 'unknown_reference', severity: 'warning' }])
  })

  it('an owner who does not exist is an error', () => {
    expect(codes(check(source({ lines: ['owner: nobody'] })))).toEqual(['unknown_reference'])
  })

  it.each([
    ['nobody', 'unknown_reference'],
    ['empty', 'no_eligible_approver'],
  ])('approvers of group %s are an error', (group, code) => {
    const lines = [`obligations: {approval: {approvers: [{group: ${group}}]}}`]
    expect(codes(check(source({ effect: 'require_approval', lines })))).toEqual([code])
  })
})

describe('conditions beside the tools in scope (POL-10, POL-11)', () => {
  const other: CatalogueEntry = {
    server: stripe,
    item: item({
      name: 'other',
      definition: JSON.stringify({
        inputSchema: { type: 'object', properties: { amount: { type: 'string' } } },
      }),
    }),
  }
  const openTool: CatalogueEntry = {
    server: stripe,
    item: item({ definition: JSON.stringify({ inputSchema: { type: 'object' } }) }),
  }

  it.each([
    ['args.amount > "x"', 'type_error'],
    ['args.amount * 2 > 10.0', 'type_error'],
    ['args.amuont > 10.0', 'field_missing_in_tool'],
    ['args.memo', 'not_boolean'],
    ['size(args.memo)', 'not_boolean'],
    ['args.memo.matches("x")', 'function_not_allowed'],
    ['args.currency == "gbp"', 'literal_outside_enum'],
    ['vars.unknown == "x"', 'type_error'],
    ['user.name == "x"', 'type_error'],
    ['run.calls > 1.0', 'not_supported_yet'],
  ])('%s is %s', (condition, code) => {
    expect(codes(when(condition))).toEqual([code])
  })

  it('a field that has() asks for may be missing', () => {
    expect(when('has(args.later) && args.later == "x"')).toEqual([])
  })

  it('names the tools that a condition does not fit, and only those', () => {
    const text = source({
      scope: '{principals: [any], actions: [tool.call], resources: ["server:stripe"]}',
      lines: ['when: args.amount > 10.0'],
    })
    const [finding, ...rest] = check(text, [...around.catalogue, other])
    expect(finding).toMatchObject({ code: 'type_error', rule: 'a', line: 5 })
    expect(finding?.message).toContain('stripe/other')
    expect(finding?.message).not.toContain('create_payout')
    expect(rest).toEqual([])
  })

  it('arguments of open type are a warning', () => {
    expect(when('args.amount > 10.0', [openTool])).toMatchObject([
      { code: 'dyn_argument', severity: 'warning' },
    ])
  })

  it('places a problem inside the condition', () => {
    const text = source({ lines: ['when: args.amount > 1.0 && args.memo.matches("x")'] })
    expect(check(text)).toMatchObject([{ line: 5, column: 32 }])
  })
})

describe('reach', () => {
  it('a rule that another one denies entirely is a warning', () => {
    const text = [
      'rules:',
      '  - {id: never, scope: {principals: [any], actions: [tool.call], resources: [any]}, effect: deny}',
      `  - {id: b, scope: ${SCOPE}, effect: require_approval}`,
    ].join('\n')
    expect(check(text)).toMatchObject([{ code: 'unreachable_rule', rule: 'b' }])
  })

  it('an allow for anyone that reaches changes is a warning', () => {
    const broad = {
      effect: 'allow',
      scope: '{principals: [any], actions: [tool.call], resources: ["server:stripe"]}',
    }
    expect(codes(check(source(broad)))).toEqual(['broad_allow'])
    const reads = { server: stripe, item: { ...payout, labels: ['read'] } }
    expect(check(source(broad), [reads])).toEqual([])
  })
})

it('puts what blocks a publish first', () => {
  const text = [
    'rules:',
    '  - {id: w, scope: {principals: [any], actions: [tool.call], resources: [any]}, effect: allow}',
    '  - {id: e, scope: {principals: [group:x], actions: [tool.call], resources: [any]}, effect: allow}',
  ].join('\n')
  expect(check(text).map(({ severity }) => severity)).toEqual(['error', 'warning'])
})
