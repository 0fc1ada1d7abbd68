import { describe, expect, it } from 'vitest'

import type { McpReply } from './outcome.ts'
import {
  createTestMcp,
  echoTool,
  modernMeta,
  serverResult,
  snapshotOf,
  testItem,
  testPrincipal,
  type TestMcp,
} from './testing.ts'

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

const modernHeader = { 'mcp-protocol-version': '2026-07-28' }
const echoCall = { name: 'files__echo', arguments: { text: 'hi' } }

describe('a modern request', () => {
  it.each<[string, Record<string, string | undefined>, object, readonly [number, number]]>([
    [
      'no capabilities',
      {},
      { 'io.modelcontextprotocol/clientCapabilities': undefined },
      [400, -32_602],
    ],
    ['no version header (MCP-13)', { 'mcp-protocol-version': undefined }, {}, [400, -32_020]],
    [
      'a legacy version header (MCP-13)',
      { 'mcp-protocol-version': '2025-11-25' },
      {},
      [400, -32_020],
    ],
    ['no Mcp-Method', { 'mcp-method': undefined }, {}, [400, -32_020]],
    ['a lie in Mcp-Method', { 'mcp-method': 'tools/list' }, {}, [400, -32_020]],
    ['Mcp-Method in another case', { 'mcp-method': 'Tools/call' }, {}, [400, -32_020]],
    ['no Mcp-Name', { 'mcp-name': undefined }, {}, [400, -32_020]],
    ['a lie in Mcp-Name', { 'mcp-name': 'files__other' }, {}, [400, -32_020]],
    ['two names', { 'mcp-name': 'files__echo, files__echo' }, {}, [400, -32_020]],
    ['bad base64 in Mcp-Name', { 'mcp-name': '=?base64?ZmlsZXNfX2VjaG8?=' }, {}, [400, -32_020]],
    ['an unknown log level', {}, { 'io.modelcontextprotocol/logLevel': 'loud' }, [200, -32_602]],
    ['no event stream in Accept', { accept: 'application/json' }, {}, [406, 4060]],
  ])('is refused for %s (MCP-20, MCP-21)', async (_what, headers, meta, [status, code]) => {
    const mcp = createTestMcp()
    const options = { headers, meta: { ...modernMeta, ...meta } }
    const reply = read(await mcp.ask('tools/call', echoCall, options))
    expect(reply).toMatchObject({ status, id: 1, error: { code } })
    expect(mcp.calls).toEqual([])
  })

  it('may encode its name and pad its headers (MCP-21, MCP-22)', async () => {
    const name = `=?base64?${Buffer.from('files__echo').toString('base64')}?=`
    const reply = await createTestMcp().ask('tools/call', echoCall, {
      headers: { 'mcp-name': ` ${name} ` },
    })
    expect(read(reply).result.isError).toBeUndefined()
  })

  it('learns which versions are served (MCP-29)', async () => {
    const version = '2027-01-01'
    const meta = { ...modernMeta, 'io.modelcontextprotocol/protocolVersion': version }
    const options = { meta, headers: { 'mcp-protocol-version': version } }
    const reply = read(await createTestMcp().ask('tools/list', {}, options))
    expect(reply).toMatchObject({
      status: 400,
      error: { code: -32_022, data: { supported: ['2026-07-28'], requested: version } },
    })
  })

  it('discovers what its principal can use (MCP-28)', async () => {
    const { result } = read(await createTestMcp().ask('server/discover'))
    expect(result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'peta', version: '1.2.3' } },
    })
    const bare = createTestMcp({ catalogue: () => snapshotOf([echoTool]) })
    expect(read(await bare.ask('server/discover')).result.capabilities).toEqual({
      tools: { listChanged: true },
      extensions: { 'io.modelcontextprotocol/tasks': {} },
    })
  })

  it.each(['tasks/list', 'ping', 'made/up'])(
    'gets -32601 and 404 for %s (MCP-23)',
    async (method) => {
      const reply = read(await createTestMcp().ask(method))
      expect(reply).toMatchObject({ status: 404, id: 1, error: { code: -32_601 } })
    },
  )

  it('gets no answer to a notification, only 202 (MCP-14)', async () => {
    const body = {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { _meta: modernMeta },
    }
    expect(await post(createTestMcp(), body, modernHeader)).toEqual({ status: 202 })
  })

  it('cannot bring a request state that Peta never gave (MCP-68)', async () => {
    const mcp = createTestMcp()
    const reply = read(await mcp.ask('tools/call', { ...echoCall, requestState: 'x' }))
    expect(reply.error.code).toBe(-32_602)
    expect(mcp.calls).toEqual([])
  })

  it('repeats annotated arguments in headers (MCP-22)', async () => {
    const property = { type: ['integer', 'null'], 'x-mcp-header': 'Shard' }
    const tool = testItem('tool', {
      name: 'shard',
      inputSchema: { type: 'object', properties: { n: property } },
    })
    const mcp = createTestMcp({ catalogue: () => snapshotOf([tool]) })
    const ask = async (args: object, shard?: string): Promise<number | undefined> => {
      const options = { headers: { 'mcp-param-shard': shard } }
      return read(await mcp.ask('tools/call', { name: 'files__shard', arguments: args }, options))
        .error?.code
    }
    expect(await ask({ n: 42 }, '42')).toBeUndefined()
    expect(await ask({ n: 42 }, '42.0')).toBeUndefined()
    expect(await ask({})).toBeUndefined()
    expect(await ask({ n: null })).toBeUndefined()
    for (const [args, shard] of [
      [{ n: 42 }, '43'],
      [{ n: 42 }, undefined],
      [{}, '42'],
      [{ n: null }, '42'],
    ] as const) {
      expect(await ask(args, shard)).toBe(-32_020)
    }
  })
})

describe('what a principal cannot see', () => {
  it('answers hidden, quarantined and unknown names with the same bytes (MCP-107, POL-36)', async () => {
    const mcp = createTestMcp()
    const replies = await Promise.all(
      ['files__secret', 'files__new', 'files__nothing', 'other__echo', 'echo', ''].map((name) =>
        mcp.ask('tools/call', { name, arguments: {} }),
      ),
    )
    expect(new Set(replies.map(({ body }) => body?.toString())).size).toBe(1)
    expect(read(replies[0] ?? { status: 0 })).toMatchObject({
      status: 200,
      error: { code: -32_602 },
    })
    expect(mcp.calls).toEqual([])
  })

  it('says again which URI it did not find, and no more', async () => {
    const uri = 'peta.files+file:///nothing'
    const reply = read(await createTestMcp().ask('resources/read', { uri }))
    expect(reply.error).toMatchObject({ code: -32_602, data: { uri } })
    expect(Object.keys(reply.error.data)).toEqual(['uri'])
  })

  it('lists nothing that it would not find (MCP-118)', async () => {
    const { result } = read(await createTestMcp().ask('tools/list'))
    expect(result.tools.map(({ name }: { name: string }) => name)).toEqual(['files__echo'])
  })
})

describe('limits', () => {
  it('runs 64 calls of a principal at once and refuses the next (MCP-151, SEC-90)', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const mcp = createTestMcp({}, async () => {
      await promise
      return serverResult({ content: [] })
    })
    const running = Array.from({ length: 64 }, () => mcp.ask('tools/call', echoCall))
    const refused = await mcp.ask('tools/call', echoCall)
    expect(read(refused)).toMatchObject({ status: 429, error: { code: 4290 } })
    expect(refused.retryAfterS).toBeDefined()
    resolve()
    const replies = await Promise.all(running)
    expect(replies.every((reply) => reply.status === 200)).toBe(true)
    expect(read(await mcp.ask('tools/call', echoCall)).status).toBe(200)
  })
})
