import { describe, expect, it } from 'vitest'

import type { McpReply } from './outcome.ts'
import { createTestMcp, testPrincipal, type TestMcp } from './testing.ts'

const open = new AbortController().signal
const silent = { notify: (): void => {} }

const read = (reply: McpReply) => ({
  status: reply.status,
  ...(reply.body && JSON.parse(reply.body.toString())),
})

async function post(mcp: TestMcp, body: unknown, headers: Record<string, string> = {}) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const request = {
    principal: testPrincipal,
    body: bytes,
    headers,
    clientIp: '',
    viewer: () => undefined,
  }
  return mcp.handle(request, silent, open)
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'x', version: '1' },
  },
}

async function begin(mcp: TestMcp): Promise<string> {
  return (await post(mcp, initialize)).sessionId ?? ''
}

describe('which era a message is of (MCP-11)', () => {
  it('row 1: reads metadata before anything else, even for initialize and with a session id', async () => {
    const mcp = createTestMcp()
    const session = await begin(mcp)
    const asked = await mcp.ask('initialize', {}, { headers: { 'mcp-session-id': session } })
    expect(read(asked)).toMatchObject({
      status: 404,
      id: 1,
      error: { code: -32_601, data: { supported: ['2026-07-28'] } },
    })
    expect(asked.sessionId).toBeUndefined()
  })

  it('row 2: begins a session for initialize', async () => {
    const reply = await post(createTestMcp(), initialize)
    expect(read(reply)).toMatchObject({ status: 200, result: { protocolVersion: '2025-06-18' } })
    expect(reply.sessionId).toBeDefined()
  })

  it.each([
    ['initialize', -32_020],
    ['tools/list', -32_602],
  ])('row 3: refuses %s under a later header without metadata', async (method, code) => {
    for (const version of ['2026-07-28', '2031-01-01']) {
      const body = { ...initialize, method }
      const reply = await post(createTestMcp(), body, { 'mcp-protocol-version': version })
      expect(read(reply)).toMatchObject({ status: 400, id: 1, error: { code } })
    }
  })

  it('row 4: refuses a batch', async () => {
    const mcp = createTestMcp()
    const session = await begin(mcp)
    const reply = await post(mcp, [initialize], { 'mcp-session-id': session })
    expect(read(reply)).toMatchObject({ status: 400, error: { code: -32_600 } })
  })

  it('row 5: goes on with a session', async () => {
    const mcp = createTestMcp()
    const session = await begin(mcp)
    const body = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
    expect(read(await post(mcp, body, { 'mcp-session-id': session }))).toMatchObject({
      status: 200,
      id: 2,
      result: { tools: [{ name: 'files__echo' }] },
    })
  })

  it('row 6: names the versions it serves to a message of no era', async () => {
    const reply = read(await post(createTestMcp(), { jsonrpc: '2.0', id: 2, method: 'tools/list' }))
    expect(reply).toMatchObject({ status: 400, id: 2, error: { code: -32_600 } })
    expect(reply.error.data.supported).toContain('2026-07-28')
    expect(reply.error.data.supported).toContain('2025-11-25')
  })
})
