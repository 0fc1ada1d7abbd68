import { beforeEach, describe, expect, it } from 'vitest'

import type { Principal } from '../../model/principal.ts'
import type { Outlet } from '../../model/call.ts'
import { createTestMcp, serverResult, testPrincipal, type TestMcp } from '../testing.ts'

const MINUTE_MS = 60_000
let nowMs: number

beforeEach(() => {
  nowMs = 1_000
})

const testMcp = (script?: Parameters<typeof createTestMcp>[1]): TestMcp =>
  createTestMcp({ clock: { nowMs: () => nowMs } }, script)

type Sent = Readonly<{
  method: string
  id?: number | undefined
  params?: object
  session?: string
  version?: string
  principal?: Principal
  outlet?: Outlet
}>

async function send(mcp: TestMcp, sent: Sent) {
  const { method, id, params = {}, session, version, principal = testPrincipal } = sent
  const headers = {
    ...(session !== undefined && { 'mcp-session-id': session }),
    ...(version !== undefined && { 'mcp-protocol-version': version }),
  }
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
  const outlet = sent.outlet ?? { notify: () => {} }
  const { signal } = new AbortController()
  const reply = await mcp.handle(
    { principal, body, headers, clientIp: '', viewer: () => undefined },
    outlet,
    signal,
  )
  return { ...reply, message: reply.body && JSON.parse(reply.body.toString()) }
}

const begin = async (mcp: TestMcp, protocolVersion = '2025-11-25', principal = testPrincipal) =>
  (await send(mcp, { method: 'initialize', id: 0, params: { protocolVersion }, principal }))
    .sessionId ?? ''

const ping = (mcp: TestMcp, session: string, more: Partial<Sent> = {}) =>
  send(mcp, { method: 'ping', id: 5, session, ...more })

describe('versions', () => {
  it.each([
    ['2025-11-25', '2025-11-25'],
    ['2024-11-05', '2024-11-05'],
    ['1999-01-01', '2025-11-25'],
    [undefined, '2025-11-25'],
  ])('asked for %s, answers %s (MCP-30)', async (protocolVersion, expected) => {
    const reply = await send(testMcp(), {
      method: 'initialize',
      id: 0,
      params: { protocolVersion },
    })
    expect(reply.message.result.protocolVersion).toBe(expected)
  })

  it.each([
    ['2025-06-18', '2025-06-18', 200],
    ['2025-06-18', undefined, 200],
    ['2025-06-18', '2025-11-25', 400],
    ['2025-03-26', '2025-06-18', 200],
  ])('a session of %s with the header %s gets %i (MCP-32)', async (negotiated, version, status) => {
    const mcp = testMcp()
    const session = await begin(mcp, negotiated)
    expect((await ping(mcp, session, version === undefined ? {} : { version })).status).toBe(status)
  })
})

describe('a session id', () => {
  const others: readonly Principal[] = [
    { ...testPrincipal, workspaceId: 'ws_2' },
    { ...testPrincipal, agent: { ...testPrincipal.agent, id: 'agt_2' } },
    { ...testPrincipal, agent: { ...testPrincipal.agent, client: 'other' } },
    { ...testPrincipal, user: { id: 'usr_9', email: '', groups: [], roles: [], mfa: false } },
  ]

  it('serves nobody else, with the answer of an unknown id (MCP-31, IDN-37)', async () => {
    const mcp = testMcp()
    const session = await begin(mcp)
    const unknown = await ping(mcp, 'made up')
    expect(unknown.status).toBe(404)
    for (const principal of others) {
      expect(await ping(mcp, session, { principal })).toEqual(unknown)
    }
    expect((await ping(mcp, session)).status).toBe(200)
  })

  it('is all that another replica needs (MCP-31)', async () => {
    const session = await begin(testMcp())
    const replica = testMcp()
    expect((await ping(replica, session)).status).toBe(200)
    for (const principal of others)
      expect((await ping(replica, session, { principal })).status).toBe(404)
  })

  it('ends after 30 idle minutes and after 24 hours (MCP-33)', async () => {
    const mcp = testMcp()
    const idle = await begin(mcp)
    const used = await begin(mcp)
    for (let minutes = 0; minutes < 40; minutes += 20) {
      nowMs += 20 * MINUTE_MS
      expect((await ping(mcp, used)).status).toBe(200)
    }
    expect((await ping(mcp, idle)).status).toBe(404)
    for (let minutes = 40; minutes < 24 * 60 - 20; minutes += 20) {
      nowMs += 20 * MINUTE_MS
      await ping(mcp, used)
    }
    nowMs += 20 * MINUTE_MS
    expect((await ping(mcp, used)).status).toBe(404)
  })

  it('ends by its own principal only, for good (MCP-12)', async () => {
    const mcp = testMcp()
    const session = await begin(mcp)
    const headers = { 'mcp-session-id': session }
    for (const principal of others) {
      expect(mcp.endSession({ principal }, headers).status).toBe(404)
    }
    expect(mcp.endSession({ principal: testPrincipal }, headers).status).toBe(204)
    expect((await ping(mcp, session)).status).toBe(404)
  })

  it('is one of 50; the least used gives way (MCP-33)', async () => {
    const mcp = testMcp()
    const first = await begin(mcp)
    nowMs += 1
    const second = await begin(mcp)
    nowMs += 1
    await ping(mcp, first)
    for (let count = 2; count < 51; count += 1) await begin(mcp)
    expect((await ping(mcp, first)).status).toBe(200)
    expect((await ping(mcp, second)).status).toBe(404)
  })
})

describe('a legacy request', () => {
  const call = { method: 'tools/call', params: { name: 'files__echo', arguments: { text: 'a' } } }

  it('is cancelled by its notification, and then not answered (MCP-131)', async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>()
    const mcp = testMcp(async (_call, _outlet, signal) => {
      start()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return serverResult({ content: [] })
    })
    const session = await begin(mcp)
    const running = send(mcp, { ...call, id: 7, session })
    await started
    const cancel = { method: 'notifications/cancelled', session, params: { requestId: 8 } }
    expect((await send(mcp, cancel)).status).toBe(202)
    expect((await send(mcp, { ...cancel, params: { requestId: 7 } })).status).toBe(202)
    expect(await running).toMatchObject({ status: 202 })
    expect((await running).body).toBeUndefined()
  })

  it('cannot have the id of one that is still open (MCP-90)', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const mcp = testMcp(async () => {
      await promise
      return serverResult({ content: [] })
    })
    const session = await begin(mcp)
    const running = send(mcp, { ...call, id: 7, session })
    const again = await ping(mcp, session, { id: 7 })
    expect(again).toMatchObject({ status: 400, message: { error: { code: -32_600 } } })
    resolve()
    expect((await running).status).toBe(200)
    expect((await ping(mcp, session, { id: 7 })).status).toBe(200)
  })

  it('of an unknown method leaves the session alone: -32601, but not 404', async () => {
    const mcp = testMcp()
    const session = await begin(mcp)
    const reply = await ping(mcp, session, { method: 'made/up' })
    expect(reply).toMatchObject({ status: 200, message: { error: { code: -32_601 } } })
  })

  it('gets what its server says about it, as far as it asked, and nothing after (MCP-130, MCP-132, MCP-153)', async () => {
    const note = (method: string) =>
      Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, params: {} }))
    const methods = ['progress', 'message', 'odd', 'tools/list_changed', 'resources/updated']
    let late: Outlet | undefined
    const mcp = testMcp(async (_call, outlet) => {
      late = outlet
      for (const method of methods) outlet.notify(note(`notifications/${method}`))
      return serverResult({ content: [] })
    })
    const session = await begin(mcp)
    const seen: string[] = []
    const outlet = {
      notify: (frame: Buffer) => void seen.push(JSON.parse(frame.toString()).method),
    }
    await send(mcp, { ...call, id: 1, session, outlet })
    expect(seen.splice(0)).toEqual(['notifications/odd'])

    await send(mcp, { method: 'logging/setLevel', id: 2, session, params: { level: 'info' } })
    const params = { ...call.params, _meta: { progressToken: 't' } }
    await send(mcp, { ...call, id: 3, session, outlet, params })
    late?.notify(note('notifications/progress'))
    expect(seen).toEqual(['notifications/progress', 'notifications/message', 'notifications/odd'])
  })

  it('is answered nothing when it answers a question nobody asked (MCP-14)', async () => {
    const mcp = testMcp()
    const session = await begin(mcp)
    const body = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}')
    const request = {
      principal: testPrincipal,
      body,
      headers: { 'mcp-session-id': session },
      clientIp: '',
      viewer: () => undefined,
    }
    const reply = await mcp.handle(request, { notify: () => {} }, new AbortController().signal)
    expect(reply.status).toBe(400)
  })
})
