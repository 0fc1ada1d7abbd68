import { describe, expect, it } from 'vitest'

import { wholeOf } from '../../protocol/splice.ts'
import type { McpReply } from '../outcome.ts'
import { createTestMcp, snapshotOf, testItem, testPrincipal } from '../testing.ts'

const tools = Array.from({ length: 250 }, (_, index) =>
  testItem('tool', { name: `t${String(index).padStart(3, '0')}`, inputSchema: { type: 'object' } }),
)

const textOf = ({ body = [] }: McpReply): string => wholeOf(body).toString()
const resultOf = (reply: McpReply) => JSON.parse(textOf(reply) || '{}')
const names = (reply: McpReply): string[] =>
  resultOf(reply).result.tools.map(({ name }: { name: string }) => name)

describe('pages', () => {
  it('come 100 at a time and together are the whole, in order (MCP-117, MCP-108)', async () => {
    const mcp = createTestMcp({ catalogue: () => snapshotOf(tools.toReversed()) })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const reply = await mcp.ask('tools/list', cursor === undefined ? {} : { cursor })
      const page = names(reply)
      expect(page.length).toBeLessThanOrEqual(100)
      seen.push(...page)
      cursor = resultOf(reply).result.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(tools.map(({ exposed }) => exposed))
  })

  it('give an agent the same cursor for a minute, and no other agent (MCP-117, H10)', async () => {
    let nowMs = 0
    const snapshot = snapshotOf(tools)
    const mcp = createTestMcp({ catalogue: () => snapshot, clock: { nowMs: () => nowMs } })
    const cursor = async (agentId: string): Promise<string> => {
      const agent = { ...testPrincipal.agent, id: agentId }
      const reply = await mcp.ask('tools/list', {}, { principal: { ...testPrincipal, agent } })
      return resultOf(reply).result.nextCursor
    }
    const first = await cursor('agt_1')
    nowMs = 59_999
    expect(await cursor('agt_1')).toBe(first)
    expect(await cursor('agt_2')).not.toBe(first)
    nowMs = 60_000
    expect(await cursor('agt_1')).not.toBe(first)
  })

  it.each(['', 'made up', 5, null])('refuse the cursor %j (MCP-117)', async (cursor) => {
    const mcp = createTestMcp({ catalogue: () => snapshotOf(tools) })
    expect(resultOf(await mcp.ask('tools/list', { cursor })).error.code).toBe(-32_602)
  })

  it('refuse a cursor of another principal, kind, rules, catalogue or hour (MCP-117)', async () => {
    let policy = 1
    let version = 1
    let nowMs = 0
    const snapshots = new Map([1, 2].map((at) => [at, snapshotOf(tools, at)]))
    const mcp = createTestMcp({
      catalogue: () => snapshots.get(version) ?? snapshotOf([]),
      policyVersion: () => policy,
      clock: { nowMs: () => nowMs },
    })
    const cursor: string = resultOf(await mcp.ask('tools/list')).result.nextCursor
    const code = async (method = 'tools/list', principal = testPrincipal) =>
      resultOf(await mcp.ask(method, { cursor }, { principal })).error?.code

    expect(await code()).toBeUndefined()
    const agent = { ...testPrincipal.agent, id: 'agt_2' }
    expect(await code('tools/list', { ...testPrincipal, agent })).toBe(-32_602)
    expect(await code('prompts/list')).toBe(-32_602)
    policy = 2
    expect(await code()).toBe(-32_602)
    policy = 1
    version = 2
    expect(await code()).toBe(-32_602)
    version = 1
    nowMs = 3_600_000
    expect(await code()).toBe(-32_602)
  })
})

describe('views', () => {
  it('are filtered once per scope, rules and catalogue, and anew when one of them moves (POL-37, H10)', async () => {
    let asked = 0
    let policy = 1
    const snapshot = snapshotOf(tools.slice(0, 10))
    const mcp = createTestMcp({
      catalogue: () => snapshot,
      policyVersion: () => policy,
      isListed() {
        asked += 1
        return policy === 1
      },
    })
    const first = await mcp.ask('tools/list')
    expect(await mcp.ask('tools/list')).toEqual(first)
    expect(asked).toBe(10)
    policy = 2
    expect(names(await mcp.ask('tools/list'))).toEqual([])
    expect(asked).toBe(20)
    await mcp.ask('tools/list', {}, { principal: { ...testPrincipal, scopeKey: 'scope 2' } })
    expect(asked).toBe(30)
  })

  it('ask the rules only about entries that are new, and keep the order (H10, MCP-108)', async () => {
    const asked: string[] = []
    const [one, two] = [
      snapshotOf(tools.slice(0, 10)).entries,
      snapshotOf(tools.slice(9, 12)).entries,
    ]
    let snapshot = { ...snapshotOf([], 1), entries: one }
    const mcp = createTestMcp({
      catalogue: () => snapshot,
      isListed(_principal, _server, { name }) {
        asked.push(name)
        return name !== 't005'
      },
    })
    await mcp.ask('tools/list')
    snapshot = { ...snapshot, version: 2, entries: [...two, ...one.slice(1, 9)] }
    const shown = names(await mcp.ask('tools/list'))
    expect(asked.slice(10)).toEqual(['t009', 't010', 't011'])
    const expected = [
      't001',
      't002',
      't003',
      't004',
      't006',
      't007',
      't008',
      't009',
      't010',
      't011',
    ]
    expect(shown).toEqual(expected.map((name) => `files__${name}`))
  })

  it('never mix workspaces', async () => {
    const mcp = createTestMcp({
      catalogue: (workspaceId) => snapshotOf(workspaceId === 'ws_1' ? tools.slice(0, 1) : []),
    })
    expect(names(await mcp.ask('tools/list'))).toHaveLength(1)
    const principal = { ...testPrincipal, workspaceId: 'ws_2' }
    expect(names(await mcp.ask('tools/list', {}, { principal }))).toEqual([])
  })

  it('name the servers whose entries are old (MCP-116)', async () => {
    const mcp = createTestMcp({ catalogue: () => ({ ...snapshotOf([]), degraded: ['files'] }) })
    const { result } = resultOf(await mcp.ask('tools/list'))
    expect(result._meta['io.peta/degraded']).toEqual(['files'])
  })
})

it('relays definitions to the byte, but for the names that clients use (MCP-81, MCP-105)', async () => {
  const definition =
    '{ "x":1.0,"name" : "odd name","inputSchema":{"type":"object","big":12345678901234567890},"outputSchema":{"type":"array"},"_meta":{"ui":{"resourceUri":"ui://panel","k":1e3},"ui/resourceUri":"ui://panel"} }'
  const item = { ...testItem('tool', { name: 'odd name' }), definition }
  const mcp = createTestMcp({ catalogue: () => snapshotOf([item]) })
  const text = textOf(await mcp.ask('tools/list'))
  const shown = definition
    .replace('"odd name"', JSON.stringify(item.exposed))
    .replaceAll('ui://panel', 'ui://files/panel')
  expect(text).toContain(`{"tools":[${shown}]`)
})
