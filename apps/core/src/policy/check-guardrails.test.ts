import { describe, expect, it } from 'vitest'

import { checkPolicy } from './check.ts'
import { parsePolicy } from './parse.ts'
import { around, compileCondition } from './testing.ts'

const SCOPE = 'scope: {principals: [any], actions: [tool.call], resources: [any]}'
const GUARD = `  - {id: guard, ${SCOPE}, effect: deny, guardrail: true, when: 'args.memo in vars.blocked'}\n`
const OTHER = `  - {id: other, ${SCOPE}, effect: deny}\n`
const VARS = 'vars: {blocked: [a, b], unrelated: 1}\n'
const BEFORE = `rules:\n${GUARD}${OTHER}${VARS}`

const findings = (after: string, { administrators = 2, before = BEFORE } = {}) =>
  checkPolicy(
    after,
    {
      ...around,
      directory: { ...around.directory, administrators },
      previous: parsePolicy(before).document,
    },
    compileCondition,
  ).report.filter(({ severity }) => severity === 'error')

/** What a publisher could do to get rid of a guardrail without touching its name. */
const changes = [
  ['removing it', BEFORE.replace(GUARD, '')],
  ['calling it something else', BEFORE.replace('id: guard', 'id: renamed')],
  ['making it a rule like any other', BEFORE.replace(', guardrail: true', '')],
  ['another effect', BEFORE.replace('effect: deny', 'effect: require_approval, gate: true')],
  ['shadow mode', BEFORE.replace('guardrail: true', 'guardrail: true, mode: shadow')],
  ['a narrower scope', BEFORE.replace('[any]', '[group:finance]')],
  ['another condition', BEFORE.replace('args.memo in', 'args.memo == "x" && args.memo in')],
  ['fewer values in its variable', BEFORE.replace('[a, b]', '[a]')],
] as const

describe('a guardrail (POL-1)', () => {
  it.each(changes)('is not changed by %s where there are two administrators', (_what, after) => {
    expect(findings(after)).toMatchObject([{ code: 'guardrail_needs_second_admin', rule: 'guard' }])
  })

  it.each(changes)('is changed by %s where there is one alone', (_what, after) => {
    expect(findings(after, { administrators: 1 })).toEqual([])
  })

  it.each([
    ['left alone', BEFORE],
    ['written in another way', BEFORE.replace(GUARD, `# why\n${GUARD}`)],
    ['joined by others', BEFORE.replace(OTHER, '')],
    ['beside other variables', BEFORE.replace('unrelated: 1', 'unrelated: 2')],
  ])('may be %s', (_what, after) => {
    expect(findings(after)).toEqual([])
  })

  it('may be added by one of many', () => {
    expect(findings(BEFORE, { before: `rules:\n${OTHER}${VARS}` })).toEqual([])
  })

  it('is changed by any variable where it does not say which it reads', () => {
    const dynamic = BEFORE.replace('args.memo in vars.blocked', 'vars[args.memo] == 1.0')
    const after = dynamic.replace('unrelated: 1', 'unrelated: 2')
    const codes = findings(after, { before: dynamic }).map(({ code }) => code)
    expect(codes).toContain('guardrail_needs_second_admin')
  })

  it('is named with its place and what happens to it', () => {
    const [found] = findings(BEFORE.replace('[any]', '[group:finance]'))
    expect(found).toMatchObject({ rule: 'guard', line: 2 })
    expect(found?.message).toContain('scope')
    expect(found?.remedy).toContain('second administrator')
  })
})
