import { describe, expect, it } from 'vitest'

import { initialPolicy } from './initial-policy.ts'
import { parsePolicy } from './parse.ts'

const rules = (body: string): string => `rules:\n${body}`
const base = `  - id: a
    scope: {principals: [any], actions: [tool.call], resources: [any]}
    effect: allow
`
const codes = (source: string): readonly string[] =>
  parsePolicy(source).problems.map(({ code }) => code)

it('reads a rule with every key', () => {
  const { document, problems } = parsePolicy(
    rules(`  - id: pay-large # large ones
    mode: shadow
    scope: {principals: [group:finance], actions: [tool.call], resources: ["tool:stripe/create_payout"]}
    effect: require_approval
    gate: true
    when: args.amount > 1000.0
    obligations: {approval: {approvers: [{group: fin-leads, quorum: 2}], decide_by: 15m, edit: [/memo], step_up: passkey}}
    owner: fin-leads
    reason: large payouts
vars:
  known_accounts: [a, b]
  limit: 5
`),
  )
  expect(problems).toEqual([])
  expect(document.rules[0]).toMatchObject({ id: 'pay-large', gate: true, mode: 'shadow' })
  expect(document.rules[0]?.obligations.approval).toMatchObject({ decide_by: 900_000, quorum: 1 })
  expect(document.vars).toEqual({ known_accounts: ['a', 'b'], limit: 5 })
})

it('reads the first version of a workspace (POL-19)', () => {
  const { document, problems } = parsePolicy(initialPolicy)
  expect(problems).toEqual([])
  expect(document.rules).toHaveLength(1)
  expect(document.rules[0]).toMatchObject({
    id: 'agents-inherit',
    effect: 'allow',
    scope: { principals: ['agent-label:owned'] },
  })
})

it('reads a text without rules as no rules', () => {
  expect(parsePolicy('')).toMatchObject({ document: { rules: [], vars: {} }, problems: [] })
  expect(parsePolicy('# nothing yet\n').problems).toEqual([])
})

describe('refuses', () => {
  it.each([
    ['an unknown key of a rule', rules(`${base}    priority: 1\n`), 'parse_error'],
    ['an unknown effect', rules(base.replace('allow', 'permit')), 'parse_error'],
    ['an unknown action', rules(base.replace('tool.call', 'tool.list')), 'parse_error'],
    ['an unknown key of the document', 'rule: []', 'parse_error'],
    ['an empty scope', rules(base.replace('[any], actions', '[], actions')), 'parse_error'],
    [
      'a selector of no kind',
      rules(base.replace('[any], actions', '[grp:x], actions')),
      'parse_error',
    ],
    ['an id that is no slug', rules(base.replace('id: a', 'id: A_b')), 'parse_error'],
    ['an unknown obligation', rules(`${base}    obligations: {sing: 1}\n`), 'parse_error'],
    [
      'an obligation that is not enforced yet',
      rules(`${base}    obligations: {limit: {}}\n`),
      'not_supported_yet',
    ],
    [
      'a term that is not enforced yet',
      rules(`${base}    obligations: {approval: {escalate: {}}}\n`),
      'not_supported_yet',
    ],
    [
      'a clock out of bounds',
      rules(`${base}    obligations: {approval: {decide_by: 8d}}\n`),
      'parse_error',
    ],
    [
      'a quorum above five',
      rules(`${base}    obligations: {approval: {quorum: 6}}\n`),
      'limit_exceeded',
    ],
    [
      'an instant without zone',
      rules(`${base}    expires_at: 2027-01-01T00:00:00\n`),
      'parse_error',
    ],
  ])('%s (POL-1)', (_what, source, code) => {
    expect(codes(source)).toContain(code)
  })

  it.each([
    ['an anchor', rules(base.replace('[any], actions', '&x [any], actions'))],
    ['an alias', `vars: {a: &x b, c: *x}\n`],
    ['a tag', 'vars: {a: !!str 1}\n'],
    ['a tag of its own', 'vars: {a: !secret 1}\n'],
    ['a duplicate key', rules(`${base}    effect: deny\n`)],
    ['a merge key', 'vars: {<<: {a: 1}}\n'],
    ['a second document', `${rules(base)}---\nrules: []\n`],
    ['a directive', `%TAG ! tag:x,2000:\n---\n${rules(base)}`],
    ['an older version of YAML', `%YAML 1.1\n---\n${rules(base)}`],
    ['text that is no YAML', 'rules: [\n'],
    ['a list instead of a document', '- a\n'],
  ])('%s (POL-23)', (_what, source) => {
    expect(codes(source)).toContain('parse_error')
  })

  it('a text above one megabyte (POL-23)', () => {
    expect(codes(`# ${'x'.repeat(1024 * 1024)}`)).toEqual(['limit_exceeded'])
  })

  it('more than 10,000 rules (POL-23)', () => {
    const many = Array.from({ length: 10_001 }, () => '  - {}').join('\n')
    expect(codes(rules(many))).toEqual(['limit_exceeded'])
  })

  it('nesting that exhausts the stack of a parser (POL-23)', () => {
    const [code] = codes(`rules: ${'['.repeat(100_000)}`)
    expect(['parse_error', 'limit_exceeded']).toContain(code)
  })
})

it('says where in the text a problem is, and in which rule', () => {
  const [first] = parsePolicy(rules(base.replace('effect: allow', 'effect: permit'))).problems
  expect(first).toMatchObject({ rule: 'a', line: 4, column: 13 })
})

it('takes words of YAML 1.1 as the text they are', () => {
  expect(parsePolicy('vars: {a: yes, b: 0o7, c: on}\n').document.vars).toMatchObject({
    a: 'yes',
    c: 'on',
  })
})
