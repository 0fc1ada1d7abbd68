import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { expectRpcError } from '../support/expect-rpc-error.ts'
import { type McpEndpoint, openMcpEndpoint } from '../support/mcp-endpoint.ts'
import { initialize, modernRequest } from '../support/modern-message.ts'

let mcp: McpEndpoint

beforeAll(async () => {
  mcp = await openMcpEndpoint()
})

afterAll(() => mcp?.[Symbol.asyncDispose]())

const VERSION = 'io.modelcontextprotocol/protocolVersion'
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'
const MODERN = '2026-07-28'

const call = (name: string, args: object = {}) =>
  modernRequest(7, 'tools/call', { name, arguments: args })

const ECHO = call('test__echo')

describe('the era of a message (MCP-11)', () => {
  it('is modern by its metadata, whatever session it names', async () => {
    const headers = { 'mcp-session-id': mcp.session }
    const reply = await mcp.sendModern(call('test__echo', { message: 'hi' }), headers)
    expect(reply).toMatchObject({ status: 200 })
    expect(reply.json()).toMatchObject({ id: 7, result: { resultType: 'complete' } })
    expect(reply.headers).not.toHaveProperty('mcp-session-id')
  })

  it('is modern by its metadata, even for initialize, which is not there then', async () => {
    const reply = await mcp.sendModern(modernRequest(7, 'initialize'))
    expectRpcError(reply, { status: 404, code: -32_601, id: 7 })
    expect(reply.text).toContain(MODERN)
  })

  it('is legacy by initialize, which begins a session', async () => {
    const reply = await mcp.send(initialize(1))
    expect(reply).toMatchObject({ status: 200 })
    expect(reply.headers['mcp-session-id']).toMatch(/^\S{22,}$/)
  })

  it.each([MODERN, '2027-01-01'])(
    'is modern by a header %s, and refused without metadata (MCP-13)',
    async (version) => {
      const headers = { 'mcp-protocol-version': version }
      expectRpcError(await mcp.sendInSession(initialize(7), headers), {
        status: 400,
        code: -32_020,
        id: 7,
      })
      const ping = { jsonrpc: '2.0', id: 8, method: 'ping' }
      expectRpcError(await mcp.sendInSession(ping, headers), { status: 400, code: -32_602, id: 8 })
    },
  )

  it('is none for a list without a session', async () => {
    const list = [{ jsonrpc: '2.0', id: 1, method: 'ping' }]
    expectRpcError(await mcp.send(list), { status: 400, code: -32_600, id: null })
  })

  it('is legacy by a session that exists', async () => {
    const reply = await mcp.sendInSession({ jsonrpc: '2.0', id: 7, method: 'ping' })
    expect(reply.json()).toEqual({ jsonrpc: '2.0', id: 7, result: {} })
    for (const unknown of ['x', mcp.session.slice(0, -4), `${mcp.session}x`]) {
      const headers = { 'mcp-session-id': unknown }
      const ping = { jsonrpc: '2.0', id: 7, method: 'ping' }
      expectRpcError(await mcp.sendInSession(ping, headers), { status: 404, code: 4040, id: 7 })
    }
  })

  it('is none for anything else, and the versions are named', async () => {
    const reply = await mcp.send({ jsonrpc: '2.0', id: 'x', method: 'tools/list' })
    expectRpcError(reply, { status: 400, code: -32_600, id: 'x' })
    for (const version of [MODERN, '2025-11-25']) expect(reply.text).toContain(version)
  })
})

describe('a modern request is refused (MCP-20, MCP-21, MCP-23)', () => {
  const withMeta = (meta: object): typeof ECHO => {
    const request = ECHO
    const own: object = { ...request.params._meta, ...meta }
    return { ...request, params: { ...request.params, _meta: JSON.parse(JSON.stringify(own)) } }
  }

  it.each([
    {
      what: 'without capabilities',
      request: withMeta({ [CAPABILITIES]: undefined }),
      headers: {},
      status: 400,
      code: -32_602,
    },
    {
      what: 'with capabilities of no use',
      request: withMeta({ [CAPABILITIES]: [] }),
      headers: {},
      status: 400,
      code: -32_602,
    },
    {
      what: 'with an unknown log level',
      request: withMeta({ [LOG_LEVEL]: 'loud' }),
      headers: {},
      status: 200,
      code: -32_602,
    },
    {
      what: 'for an unknown tool',
      request: call('test__nothing'),
      headers: {},
      status: 200,
      code: -32_602,
    },
    {
      what: 'for an unknown prompt',
      request: modernRequest(7, 'prompts/get', { name: 'test__no' }),
      headers: {},
      status: 200,
      code: -32_602,
    },
    {
      what: 'for an unknown resource',
      request: modernRequest(7, 'resources/read', { uri: 'peta.test+x:y' }),
      headers: {},
      status: 200,
      code: -32_602,
    },
    {
      what: 'with a cursor of its own',
      request: modernRequest(7, 'tools/list', { cursor: 'x' }),
      headers: {},
      status: 200,
      code: -32_602,
    },
    {
      what: 'with an empty cursor',
      request: modernRequest(7, 'tools/list', { cursor: '' }),
      headers: {},
      status: 200,
      code: -32_602,
    },
    {
      what: 'with a state that Peta did not give',
      request: modernRequest(7, 'tools/call', { name: 'test__echo', requestState: 'x' }),
      headers: {},
      status: 200,
      code: -32_602,
    },
    {
      what: 'with an unknown method',
      request: modernRequest(7, 'tools/destroy'),
      headers: {},
      status: 404,
      code: -32_601,
    },
    {
      what: 'without a version header',
      request: ECHO,
      headers: { 'mcp-protocol-version': undefined },
      status: 400,
      code: -32_020,
    },
    {
      what: 'with another version header',
      request: ECHO,
      headers: { 'mcp-protocol-version': '2025-11-25' },
      status: 400,
      code: -32_020,
    },
    {
      what: 'without a method header',
      request: ECHO,
      headers: { 'mcp-method': undefined },
      status: 400,
      code: -32_020,
    },
    {
      what: 'with another method header',
      request: ECHO,
      headers: { 'mcp-method': 'tools/list' },
      status: 400,
      code: -32_020,
    },
    {
      what: 'with a method header in another case',
      request: ECHO,
      headers: { 'mcp-method': 'Tools/Call' },
      status: 400,
      code: -32_020,
    },
    {
      what: 'with two method headers',
      request: ECHO,
      headers: { 'mcp-method': ['tools/call', 'tools/call'] },
      status: 400,
      code: -32_020,
    },
    {
      what: 'without a name header',
      request: ECHO,
      headers: { 'mcp-name': undefined },
      status: 400,
      code: -32_020,
    },
    {
      what: 'with another name header',
      request: ECHO,
      headers: { 'mcp-name': 'test__env' },
      status: 400,
      code: -32_020,
    },
    {
      what: 'with a name in bad Base64',
      request: ECHO,
      headers: { 'mcp-name': '=?base64?dGVzd?=' },
      status: 400,
      code: -32_020,
    },
    {
      what: 'that takes no stream',
      request: ECHO,
      headers: { accept: 'application/json' },
      status: 406,
      code: 4060,
    },
    {
      what: 'that takes no JSON',
      request: ECHO,
      headers: { accept: 'text/event-stream' },
      status: 406,
      code: 4060,
    },
  ])('$what', async ({ request, headers, status, code }) => {
    expectRpcError(await mcp.sendModern(request, headers), { status, code, id: 7 })
  })

  it('for a version that Peta does not serve, and names those it does (MCP-29)', async () => {
    const version = '2027-01-01'
    const headers = { 'mcp-protocol-version': version }
    const reply = await mcp.sendModern(withMeta({ [VERSION]: version }), headers)
    expectRpcError(reply, { status: 400, code: -32_022, id: 7 })
    expect(reply.json()).toMatchObject({
      error: { data: { supported: [MODERN], requested: version } },
    })
  })

  it('but a name as Base64 is the name', async () => {
    const encoded = `=?base64?${Buffer.from('test__echo').toString('base64')}?=`
    const headers = { 'mcp-name': encoded }
    const reply = await mcp.sendModern(call('test__echo', { message: 'hi' }), headers)
    expect(reply.json()).toMatchObject({ id: 7, result: { content: [{ text: 'hi' }] } })
  })
})
