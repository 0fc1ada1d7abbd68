import { expect, it } from 'vitest'

import type { Era } from '../../model/frame.ts'
import {
  createTestMcp,
  echoTool,
  serverResult,
  snapshotOf,
  testItem,
  testPrincipal,
  type TestMcp,
} from '../testing.ts'

/** Sends one message of a legacy client; `session` is what `initialize` gave it. */
async function send(mcp: TestMcp, method: string, params: object, session?: string) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
  const headers = session === undefined ? {} : { 'mcp-session-id': session }
  const request = { principal: testPrincipal, body, headers, clientIp: '', viewer: () => undefined }
  const reply = await mcp.handle(request, { notify: () => {} }, new AbortController().signal)
  return { ...reply, result: JSON.parse(String(reply.body)).result }
}

async function callAs(mcp: TestMcp, protocolVersion: string) {
  const { sessionId } = await send(mcp, 'initialize', { protocolVersion })
  const params = { name: 'files__echo', arguments: { text: 'x' } }
  return (await send(mcp, 'tools/call', params, sessionId)).result
}

it.each<Era>(['legacy', 'modern'])(
  'answers each session with what its own version can read, from a %s server (MCP-62)',
  async (serverEra) => {
    const link = { type: 'resource_link', uri: 'note:///a', name: 'a' }
    const linked = createTestMcp({}, async () => serverResult({ content: [link] }, serverEra))
    const structured = { content: [], structuredContent: { n: 1 } }
    const only = createTestMcp({}, async () => serverResult(structured, serverEra))
    const text = [{ type: 'text', text: expect.any(String) }]

    for (const version of ['2024-11-05', '2025-03-26']) {
      expect((await callAs(linked, version)).content).toEqual(text)
      expect((await callAs(only, version)).content).toEqual(text)
    }
    for (const version of ['2025-06-18', '2025-11-25']) {
      expect((await callAs(linked, version)).content).toMatchObject([{ type: 'resource_link' }])
      expect(await callAs(only, version)).toEqual(structured)
    }
  },
)

it('withholds an output schema that is no object’s from older clients only (MCP-62)', async () => {
  const odd = testItem('tool', {
    name: 'odd',
    inputSchema: { type: 'object' },
    outputSchema: { type: 'array', items: {} },
  })
  const plain = testItem('tool', {
    name: 'plain',
    inputSchema: { type: 'object' },
    outputSchema: { type: 'object' },
  })
  const snapshot = snapshotOf([echoTool, odd, plain])
  const mcp = createTestMcp({ catalogue: () => snapshot })
  const { sessionId } = await send(mcp, 'initialize', { protocolVersion: '2025-11-25' })
  const legacy = (await send(mcp, 'tools/list', {}, sessionId)).result.tools
  const modern = JSON.parse(String((await mcp.ask('tools/list')).body)).result.tools
  const withSchema = (tools: readonly { name: string }[]) =>
    tools.filter((tool) => 'outputSchema' in tool).map(({ name }) => name)
  expect(withSchema(legacy)).toEqual(['files__plain'])
  expect(withSchema(modern)).toEqual(['files__odd', 'files__plain'])
  expect(legacy.length).toBe(3)
})
