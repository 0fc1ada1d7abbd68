import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { expectRpcError } from '../support/expect-rpc-error.ts'
import { type McpEndpoint, openMcpEndpoint } from '../support/mcp-endpoint.ts'
import { modernRequest } from '../support/modern-message.ts'
import type { RawReply } from '../support/raw-post.ts'

const MIB = 1024 * 1024
const CANARY = 'canary-4d1a-do-not-repeat-me'

let mcp: McpEndpoint

beforeAll(async () => {
  mcp = await openMcpEndpoint()
})

afterAll(() => mcp?.[Symbol.asyncDispose]())

const legacy = (params: string, id = '7'): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

const call = (name: string, args: object = {}, id: number | string = 7) =>
  modernRequest(id, 'tools/call', { name, arguments: args })

describe('a body that parsers read differently is refused in both eras (MCP-90)', () => {
  it.each([
    ['a method twice', '{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/list"}'],
    ['a name twice', legacy('{"name":"test__echo","name":"test__env"}')],
    ['an argument twice', legacy('{"name":"test__echo","arguments":{"a":1,"\\u0061":2}}')],
    ['Method', '{"jsonrpc":"2.0","id":7,"method":"ping","Method":"x"}'],
    ['PARAMS', '{"jsonrpc":"2.0","id":7,"method":"ping","PARAMS":{}}'],
    ['_Meta', legacy('{"_Meta":{}}')],
    ['Name', legacy('{"Name":"test__echo"}')],
    ['__proto__', legacy('{"name":"test__echo","arguments":{"__proto__":{}}}')],
    ['half a surrogate pair', legacy('{"name":"\\ud83d"}')],
    ['65 levels', legacy(`{"arguments":{"x":${nested(63)}}}`)],
    ['a number of 65 characters', legacy(`{"arguments":{"x":1${'0'.repeat(64)}}}`)],
    ['the id null', '{"jsonrpc":"2.0","id":null,"method":"ping"}'],
    ['a fraction for an id', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}'],
    ['an id of 257 characters', legacy('{}', `"${'x'.repeat(257)}"`)],
    ['an id beyond the integers', legacy('{}', '9007199254740993')],
    ['another jsonrpc', '{"jsonrpc":"1.0","id":7,"method":"ping"}'],
    ['no method', '{"jsonrpc":"2.0","id":7}'],
    ['params that are a list', '{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}'],
    ['no object', '"ping"'],
  ])('%s', async (_, body) => {
    const refused = { status: 400, code: -32_600, id: null }
    expectRpcError(await mcp.sendInSession(body), refused)
    expectRpcError(await mcp.send(body), refused)
  })

  it.each([
    ['nothing', ''],
    ['no JSON', CANARY],
    ['half a message', '{"jsonrpc":"2.0","id":7'],
    ['a byte order mark', `\ufeff${legacy('{}')}`],
    ['bytes after the end', `${legacy('{}')} x`],
    ['two messages', `${legacy('{}')}\n${legacy('{}')}`],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a control character', '{"jsonrpc":"2.0","id":7,"method":"\u0001"}'],
  ])('%s is no JSON at all', async (_, body) => {
    const reply = await mcp.sendInSession(body)
    expectRpcError(reply, { status: 400, code: -32_700, id: null })
    expect(reply.text).not.toContain(CANARY)
  })

  it('the id of a request that is still open', async () => {
    const open = mcp.sendInSession(legacy('{"name":"test__sleep","arguments":{"ms":2000}}', '99'))
    const again = legacy('{"name":"test__echo","arguments":{"message":"x"}}', '99')
    await expect.poll(async () => (await mcp.sendInSession(again)).status).toBe(400)
    expectRpcError(await mcp.sendInSession(again), { status: 400, code: -32_600, id: 99 })
    // It took long enough to be answered on a stream.
    expect((await open).text).toMatch(/"id":99,.*"slept"/)
  })
})

describe('what is no request (MCP-14)', () => {
  const notice = { jsonrpc: '2.0', method: 'notifications/initialized' }

  it('is accepted without a word when it is a notice', async () => {
    const { params } = call('x')
    const modern = { ...notice, params: { _meta: params._meta } }
    const headers = { 'mcp-protocol-version': '2026-07-28' }
    for (const reply of [await mcp.sendInSession(notice), await mcp.send(modern, headers)]) {
      expect(reply).toMatchObject({ status: 202, text: '' })
    }
  })

  it('is refused when it is an answer to nothing, or comes without a session', async () => {
    const answer = { jsonrpc: '2.0', id: 1, result: {} }
    for (const reply of [await mcp.sendInSession(answer), await mcp.send(answer)]) {
      expectRpcError(reply, { status: 400, code: -32_600, id: null })
    }
    expectRpcError(await mcp.send(notice), { status: 400, code: -32_600, id: null })
  })

  it('is refused in a session of another version (MCP-32)', async () => {
    const ping = { jsonrpc: '2.0', id: 7, method: 'ping' }
    const headers = { 'mcp-protocol-version': '2025-06-18' }
    const reply = await mcp.sendInSession(ping, headers)
    expectRpcError(reply, { status: 400, code: -32_020, id: 7 })
  })

  it('is an error, not a lost session, when its method is unknown', async () => {
    const reply = await mcp.sendInSession({ jsonrpc: '2.0', id: 7, method: 'tools/destroy' })
    expectRpcError(reply, { status: 200, code: -32_601, id: 7 })
  })
})

describe('a denial (MCP-150)', () => {
  const expectDenial = async (reply: Promise<RawReply>, status: number, code: number) =>
    expectRpcError(await reply, { status, code, id: null })

  it.each([
    ['no token', undefined],
    ['another scheme', 'Basic YTpi'],
    ['no genuine token', `Bearer ${CANARY}`],
    ['two tokens', 'Bearer a, Bearer b'],
  ])('of %s names the resource metadata', async (_, authorization) => {
    const reply = await mcp.send(call('test__echo'), { authorization })
    expectRpcError(reply, { status: 401, code: 4010, id: null })
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer .*resource_metadata="[^"]+"/)
    expect(reply.text).not.toContain(CANARY)
  })

  it('comes before the body is looked at, host and origin first (MCP-10)', async () => {
    const bad = { authorization: undefined, 'content-type': 'text/plain' }
    await expectDenial(mcp.send('{', { ...bad, host: 'peta.example.com' }), 403, 4032)
    await expectDenial(mcp.send('{', { ...bad, origin: 'https://example.com' }), 403, 4032)
    await expectDenial(mcp.send('{', bad), 401, 4010)
    await expectDenial(mcp.send('{', { 'content-type': 'text/plain' }), 415, 4150)
    await expectDenial(mcp.send('{', { 'content-encoding': 'gzip' }), 415, 4150)
    await expectDenial(mcp.send('{'), 400, -32_700)
  })

  it('of a body that is too large, promised or not', async () => {
    const large = 'x'.repeat(MIB + 1)
    await expectDenial(mcp.send('{', { 'content-length': String(MIB + 1) }), 413, 4130)
    const chunked = { 'transfer-encoding': 'chunked' }
    await expectDenial(mcp.send(`"${large}"`, chunked), 413, 4130)
  })

  it('of another method names the one there is', async () => {
    for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
      const reply = await mcp.send(undefined, {}, method)
      expectRpcError(reply, { status: 405, code: 4050, id: null })
      expect(reply.headers['allow']).toContain('POST')
    }
  })

  it('by a rule is a result that names no secret of the rule, for a tool that is listed', async () => {
    const reply = await mcp.sendModern(call('test__fail'))
    expect(reply).toMatchObject({ status: 200 })
    expect(reply.json()).toMatchObject({
      id: 7,
      result: {
        isError: true,
        content: [{ type: 'text', text: expect.any(String) }],
        _meta: { 'io.peta/decision': { kind: 'denied' } },
      },
    })
  })

  it('of a hidden tool is that of a tool that does not exist (MCP-107)', async () => {
    const hidden = await mcp.sendModern(call('test__exit'))
    const missing = await mcp.sendModern(call('test__exist'))
    expectRpcError(hidden, { status: 200, code: -32_602, id: 7 })
    expect(hidden.text).toBe(missing.text)
  })

  it('of the call beyond 64 at once says when to come back', async () => {
    const hanging = Array.from({ length: 64 }, (_, id) =>
      mcp.sendModern(call('test__sleep', { ms: 800 }, id)),
    )
    const beyond = async () => mcp.sendModern(call('test__echo', { message: 'x' }, 'last'))
    await expect.poll(async () => (await beyond()).status).toBe(429)
    const reply = await beyond()
    expectRpcError(reply, { status: 429, code: 4290, id: 'last' })
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    const statuses = await Promise.all(hanging.map(async (one) => (await one).status))
    expect(new Set(statuses)).toEqual(new Set([200]))
  })

  it('of a token in an address ends the token (IDN-14)', async () => {
    const { core, token } = mcp
    const reply = await fetch(`${core.url}/mcp?access_token=${token}`, { method: 'POST' })
    expect(reply.status).toBe(400)
    expect(await reply.text()).not.toContain(token)
    await expectDenial(mcp.send(call('test__echo')), 401, 4010)
  })
})
