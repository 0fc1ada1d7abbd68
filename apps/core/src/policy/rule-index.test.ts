import { describe, expect, it } from 'vitest'

import { createRuleIndex, type Target } from './rule-index.ts'
import { stripe } from './testing.ts'

type Scoped = Parameters<typeof createRuleIndex>[0][number]

const about = (resource: string): Scoped => ({
  scope: { actions: ['tool.call'], resources: [resource] },
})
const payout: Target = {
  action: 'tool.call',
  server: stripe,
  labels: ['write'],
  kind: 'tool',
  name: 'create_payout',
}

describe('a decision', () => {
  it.each([10, 10_000])('looks at no rule about something else, of %i (PERF-10)', (count) => {
    let reads = 0
    const watched = (rule: Scoped): Scoped =>
      new Proxy(rule, {
        get(target, name) {
          reads += 1
          return Reflect.get(target, name)
        },
      })
    const others = Array.from({ length: count }, (_, at) => {
      const elsewhere = [`tool:stripe/other_${at}`, `tool:server-${at}/*`, `server:server-${at}`]
      return watched(about(elsewhere[at % elsewhere.length] ?? ''))
    })
    const own = [about('tool:stripe/create_payout'), about('label:write'), about('any')]
    const index = createRuleIndex([...others, ...own])
    expect(reads).toBeGreaterThan(0)

    reads = 0
    const found = index.find(payout)
    expect(reads).toBe(0)
    expect(new Set(found.keys())).toEqual(new Set(own))
  })
})
