import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'

import { describe, expect, it } from 'vitest'

import { modernMeta, serverResult } from '../gateway/testing.ts'
import { openTestListener, TEST_TOKEN, type TestListener } from './testing.ts'

type Sent = Readonly<{
  method?: string
  path?: string
  headers?: Readonly<Record<string, string | undefined>>
  body?: string | Buffer
}>

const echoBody = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'files__echo',
    arguments: { text: 'hi' },
    _meta: { ...modernMeta, progressToken: 'p' },
  },
})

const modernHeaders = {
  authorization: `Bearer ${TEST_TOKEN}`,
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'files__echo',
}

/** node:http, because it sends any header, Host and Origin too. */
async function send(listener: TestListener, sent: Sent = {}) {
  const { method = 'POST', path = '/mcp', body = method === 'POST' ? echoBody : '' } = sent
  const merged = { ...modernHeaders, ...sent.headers }
  const headers = Object.fromEntries(
    Object.entries(merged).filter(([, value]) => value !== undefined),
  )
  const options = {
    port: listener.port,
    host: '127.0.0.1',
    method,
    path,
    headers: headers as Record<string, string>,
    agent: false as const,
  }
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
  httpRequest(options, resolve).on('error', reject).end(body)
  const response = await promise
  const text = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode, headers: response.headers, text }
}

describe('the order of checks (MCP-10)', () => {
  it.each<[string, Sent, number]>([
    [
      'a foreign Host, before anything',
      { headers: { host: 'evil.example', authorization: undefined } },
      403,
    ],
    ['a foreign Origin', { headers: { origin: 'https://evil.example' } }, 403],
    ['an unknown profile', { path: '/mcp/none', headers: { authorization: undefined } }, 404],
    [
      'no token, before the body is looked at',
      { headers: { authorization: undefined, 'content-type': 'text/plain' } },
      401,
    ],
    ['a bad token', { headers: { authorization: 'Bearer nope' } }, 401],
    [
      'too large a body, before its type',
      { body: Buffer.alloc(1024 * 1024 + 1), headers: { 'content-type': 'text/plain' } },
      413,
    ],
    ['another type', { headers: { 'content-type': 'text/plain' } }, 415],
    ['a compressed body (SEC-72)', { headers: { 'content-encoding': 'gzip' } }, 415],
    ['what is no JSON', { body: '{' }, 400],
    ['what is no message', { body: '[]' }, 400],
    ['a token in the address', { path: `/mcp?access_token=${TEST_TOKEN}` }, 400],
  ])('refuses %s', async (_what, sent, status) => {
    await using listener = await openTestListener()
    const reply = await send(listener, sent)
    expect(reply.status).toBe(status)
    expect(listener.mcp.calls).toEqual([])
    expect(reply.text === '' ? null : JSON.parse(reply.text).id).toBe(null)
  })

  it('takes its own names as Host and Origin, and JSON with a charset (SEC-44)', async () => {
    await using listener = await openTestListener()
    for (const name of ['localhost', '127.0.0.1']) {
      const host = `${name}:${listener.port}`
      const headers = {
        host,
        origin: `http://${host}`,
        'content-type': 'application/json; charset=utf-8',
      }
      expect((await send(listener, { headers })).status).toBe(200)
    }
  })

  it('refuses a body that grows beyond the limit without saying so', async () => {
    await using listener = await openTestListener()
    const socket = connect(listener.port, '127.0.0.1')
    const head = Object.entries({
      ...modernHeaders,
      host: `127.0.0.1:${listener.port}`,
      'transfer-encoding': 'chunked',
    })
    socket.write(
      `POST /mcp HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    )
    const chunk = Buffer.alloc(256 * 1024, ' ')
    for (let count = 0; count < 5; count += 1) {
      socket.write(`${chunk.length.toString(16)}\r\n`)
      socket.write(chunk)
      socket.write('\r\n')
    }
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /)
    socket.destroy()
  })
})

describe('a client without a valid token', () => {
  it('learns where to get one, and no error when it sent none', async () => {
    await using listener = await openTestListener()
    const url = `${listener.publicUrl}/.well-known/oauth-protected-resource/mcp`
    const none = await send(listener, { headers: { authorization: undefined } })
    expect(none.headers['www-authenticate']).toBe(
      `Bearer resource_metadata="${url}", scope="mcp:tools"`,
    )
    expect(JSON.parse(none.text).error.code).toBe(4010)
    const bad = await send(listener, { headers: { authorization: 'Bearer x' } })
    expect(bad.headers['www-authenticate']).toContain('error="invalid_token"')

    const headers = { authorization: undefined }
    for (const path of [new URL(url).pathname, '/.well-known/oauth-protected-resource']) {
      const metadata = JSON.parse((await send(listener, { method: 'GET', path, headers })).text)
      expect(metadata).toMatchObject({
        resource: `${listener.publicUrl}/mcp`,
        bearer_methods_supported: ['header'],
      })
    }
  })

  it('gets the same for every method', async () => {
    await using listener = await openTestListener()
    for (const method of ['GET', 'DELETE', 'POST', 'PUT']) {
      expect((await send(listener, { method, headers: { authorization: undefined } })).status).toBe(
        401,
      )
    }
  })
})

describe('the endpoint of a profile', () => {
  const path = '/mcp/bare'
  const metadataPath = `/.well-known/oauth-protected-resource${path}`

  it('is a resource of its own, and tells so (MCP-112)', async () => {
    await using listener = await openTestListener()
    const none = await send(listener, { path, headers: { authorization: undefined } })
    expect(none.headers['www-authenticate']).toBe(
      `Bearer resource_metadata="${listener.publicUrl}${metadataPath}", scope="mcp:tools"`,
    )
    const headers = { authorization: undefined }
    const described = await send(listener, { method: 'GET', path: metadataPath, headers })
    expect(JSON.parse(described.text).resource).toBe(`${listener.publicUrl}${path}`)
  })

  it.each(['/mcp/', '/mcp/none', '/mcp/bare/', '/mcp/bare/sse', '/mcp/Bare', '/mcp/%62are'])(
    'is not there under another name: %s answers 404 with nothing in it (MCP-10)',
    async (other) => {
      await using listener = await openTestListener()
      const reply = await send(listener, { path: other, headers: { authorization: undefined } })
      expect(reply).toMatchObject({ status: 404, text: '' })
      const described = { method: 'GET', path: `/.well-known/oauth-protected-resource${other}` }
      expect((await send(listener, described)).text).toBe('fallback')
    },
  )
})

describe('methods (MCP-12)', () => {
  it.each(['GET', 'PUT', 'PATCH'])('answers %s with 405 and what is allowed', async (method) => {
    await using listener = await openTestListener()
    const reply = await send(listener, { method })
    expect(reply.status).toBe(405)
    expect(reply.headers.allow).toBe('POST')
  })

  it('ends a session by DELETE', async () => {
    await using listener = await openTestListener()
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25' },
    })
    const headers = { 'mcp-protocol-version': undefined }
    const begun = await send(listener, { body, headers })
    const session = begun.headers['mcp-session-id']
    expect(session).toEqual(expect.any(String))
    const ended = { method: 'DELETE', headers: { ...headers, 'mcp-session-id': String(session) } }
    expect((await send(listener, ended)).status).toBe(204)
    expect((await send(listener, ended)).status).toBe(404)
  })

  it('hands every other path on', async () => {
    await using listener = await openTestListener()
    expect((await send(listener, { method: 'GET', path: '/mcpx' })).text).toBe('fallback')
  })
})

describe('answers (MCP-26)', () => {
  it('are JSON when nothing precedes the result', async () => {
    await using listener = await openTestListener()
    const reply = await send(listener)
    expect(reply.headers['content-type']).toBe('application/json')
    expect(JSON.parse(reply.text)).toMatchObject({ id: 1, result: { resultType: 'complete' } })
  })

  const progress = (count: number) =>
    Buffer.from(
      `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":${count}}}`,
    )

  it('are a stream, in order, when something does (MCP-152, MCP-153)', async () => {
    await using listener = await openTestListener(async (_call, outlet) => {
      outlet.notify(progress(1))
      outlet.notify(progress(2))
      return serverResult({ content: [] })
    })
    const reply = await send(listener)
    expect(reply.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const events = reply.text.split('\n\n').filter((event) => event !== '')
    expect(events.map((event) => JSON.parse(event.replace('data: ', '')))).toMatchObject([
      { params: { progress: 1 } },
      { params: { progress: 2 } },
      { id: 1, result: {} },
    ])
  })

  it('are kept alive by comments (MCP-152)', async () => {
    let nowMs = 0
    const { promise: sent, resolve: notified } = Promise.withResolvers<void>()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    await using listener = await openTestListener(
      async (_call, outlet) => {
        outlet.notify(progress(1))
        notified()
        await released
        return serverResult({ content: [] })
      },
      { nowMs: () => nowMs },
    )
    const reply = send(listener)
    await sent
    listener.tick()
    nowMs = 15_000
    listener.tick()
    release()
    expect((await reply).text.match(/^:$/gm)).toHaveLength(1)
  })

  it('are not waited for by a modern client that hung up: the call is cancelled (MCP-131)', async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>()
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>()
    await using listener = await openTestListener(async (_call, _outlet, signal) => {
      signal.addEventListener('abort', () => cancel())
      start()
      await cancelled
      return serverResult({ content: [] })
    })
    const call = httpRequest({
      port: listener.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/mcp',
      headers: modernHeaders,
    })
    call.on('error', () => {})
    call.end(echoBody)
    await started
    call.destroy()
    expect(await cancelled).toBeUndefined()
  })
})
