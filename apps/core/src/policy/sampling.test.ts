import { expect, it } from 'vitest'

import { checkPolicy } from './check.ts'
import { decide } from './decide.ts'
import type { SamplingObligation } from './rule.ts'
import { around, call, compileCondition, policyOf, question, rule } from './testing.ts'

const sample = question({
  call: call({ action: 'client.sample', method: 'sampling/createMessage' }),
})
const asking = { actions: ['client.sample' as const] }
const budgetBy = (...budgets: readonly (SamplingObligation | undefined)[]) =>
  decide(
    policyOf(budgets.map((sampling) => rule({ scope: asking, obligations: { sampling } }))),
    sample,
  ).obligations.sampling

it('sets a budget to every server that may sample, and the strictest where rules set several (MCP-71)', () => {
  expect(budgetBy(undefined)).toEqual({ requestsPerHour: 20, tokensPerHour: 20_000 })
  const wide = { requests_per_hour: 500, tokens_per_hour: 5 }
  const narrow = { requests_per_hour: 3, tokens_per_hour: 900 }
  expect(budgetBy(undefined, wide)).toEqual({ requestsPerHour: 500, tokensPerHour: 5 })
  expect(budgetBy(wide, narrow)).toEqual({ requestsPerHour: 3, tokensPerHour: 5 })
})

it('denies sampling where no rule allows it, whatever else is allowed (MCP-71)', () => {
  const decision = decide(policyOf([rule()]), sample)
  expect(decision).toMatchObject({ effect: 'deny', obligations: {} })
})

it('refuses a budget where it would limit nothing', () => {
  const source = `
rules:
  - id: a
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
    obligations: { sampling: { requests_per_hour: 1 } }`
  const { report } = checkPolicy(source, around, compileCondition)
  expect(report.map(({ message }) => message)).toContain(
    'a sampling budget goes with allow and client.sample only',
  )
})
