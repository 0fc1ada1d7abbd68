import { expect, it } from 'vitest'

import type { ListTtls } from '../../model/catalogue.ts'
import { createTestMcp, echoTool, snapshotOf, testItem } from '../testing.ts'
import { mergedTtlMs } from './merged-ttl.ts'

const said = new Map<string, ListTtls>([
  ['hour', { tool: 300_000, prompt: 300_000 }],
  ['minute', { tool: 60_000 }],
  ['legacy', { tool: 0, resource: 0 }],
])

it.each([
  [['hour'], 300_000],
  [['hour', 'minute'], 60_000],
  [['minute', 'legacy', 'hour'], 0],
  [['hour', 'never asked'], 0],
  [[], 0],
])(
  'lets what comes from %j be kept for %i ms: the least that any of them says (MCP-119)',
  (ids, ttlMs) => {
    expect(mergedTtlMs(ids, said, 'tool')).toBe(ttlMs)
  },
)

it('asks only servers that list the kind (MCP-119)', () => {
  expect(mergedTtlMs(['hour', 'minute', 'legacy'], said, 'prompt')).toBe(300_000)
  expect(mergedTtlMs(['minute', 'hour'], said)).toBe(60_000)
  expect(mergedTtlMs(['hour'], said, 'resource')).toBe(0)
})

it('tells modern clients how long each list and what is offered may be kept, by themselves (MCP-119)', async () => {
  const greet = testItem('prompt', { name: 'greet' })
  const listTtls = new Map([['srv_1', { tool: 5000, prompt: 9000 }]])
  const snapshot = { ...snapshotOf([echoTool, greet]), listTtls }
  const mcp = createTestMcp({ catalogue: () => snapshot })
  const ask = async (method: string) => {
    const { ttlMs, cacheScope } = JSON.parse(String((await mcp.ask(method)).body)).result
    expect(cacheScope).toBe('private')
    return ttlMs
  }
  expect(await ask('tools/list')).toBe(5000)
  expect(await ask('prompts/list')).toBe(9000)
  expect(await ask('resources/list')).toBe(0)
  expect(await ask('resources/templates/list')).toBe(0)
  expect(await ask('server/discover')).toBe(5000)
})
