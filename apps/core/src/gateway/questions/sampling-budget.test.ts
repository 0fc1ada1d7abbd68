import { describe, expect, it } from 'vitest'

import { aCall, aPrincipal } from '../../audit/testing.ts'
import type { SamplingBudget } from '../../model/decision.ts'
import { createSamplingBudget } from './sampling-budget.ts'
import { allowed } from '../testing.ts'

const MINUTE_MS = 60_000

function setUp(sampling: SamplingBudget) {
  let nowMs = 0
  const spend = createSamplingBudget({ nowMs: () => nowMs })
  const decision = { ...allowed, obligations: { sampling } }
  const ask = (maxTokens: unknown, over: { user?: string; server?: string } = {}): string => {
    const bytes = Buffer.from(JSON.stringify({ messages: [], maxTokens }))
    const call = aCall({ action: 'client.sample' })
    const server = { ...call.server, id: over.server ?? 'srv_1' }
    const agent = { ...aPrincipal().agent, id: over.user ?? 'agt_1' }
    try {
      spend(
        { ...aPrincipal(), agent },
        { ...call, server, frame: { ...call.frame, bytes } },
        decision,
      )
      return 'asked'
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  return { ask, pass: (minutes: number) => (nowMs += minutes * MINUTE_MS) }
}

describe('what a server may ask of the model behind a client (MCP-71)', () => {
  it('is so many requests an hour', () => {
    const { ask, pass } = setUp({ requestsPerHour: 2, tokensPerHour: 1000 })
    expect([ask(1), ask(1), ask(1)]).toEqual(['asked', 'asked', 'rate_limited'])
    pass(59)
    expect(ask(1)).toBe('rate_limited')
    pass(1)
    expect(ask(1)).toBe('asked')
  })

  it('is so many tokens an hour, of which a refused request takes none', () => {
    const { ask } = setUp({ requestsPerHour: 100, tokensPerHour: 10 })
    expect([ask(6), ask(5), ask(4), ask(1)]).toEqual([
      'asked',
      'rate_limited',
      'asked',
      'rate_limited',
    ])
  })

  it('is counted for each agent and server by itself', () => {
    const { ask } = setUp({ requestsPerHour: 1, tokensPerHour: 10 })
    expect([ask(1), ask(1, { user: 'agt_2' }), ask(1, { server: 'srv_2' }), ask(1)]).toEqual([
      'asked',
      'asked',
      'asked',
      'rate_limited',
    ])
  })

  it.each([undefined, 0, -1, 1.5, '9'])(
    'is nothing without a limit to the answer: %j',
    (tokens) => {
      const { ask } = setUp({ requestsPerHour: 1, tokensPerHour: 10 })
      expect(ask(tokens)).toBe('params_invalid')
    },
  )
})

it('is nothing at all where a decision sets no budget', () => {
  const spend = createSamplingBudget({ nowMs: () => 0 })
  const call = aCall({ action: 'client.sample' })
  const frame = { ...call.frame, bytes: Buffer.from('{"maxTokens":1}') }
  expect(() => spend(aPrincipal(), { ...call, frame }, allowed)).toThrow('rate_limited')
})
