import { beforeEach, describe, expect, it } from 'vitest'

import { createSubscribable, NOTE, type Subscribable } from './fixtures.ts'
import type { Mcp } from '../mcp.ts'
import {
  allowed,
  createTestMcp,
  serverFrame,
  serverResult,
  testPrincipal,
  type TestMcp,
} from '../testing.ts'

let to: Subscribable
let isLetIn: boolean

beforeEach(() => {
  to = createSubscribable()
  isLetIn = true
})

const viewer = () => (isLetIn ? { principal: testPrincipal } : undefined)

let ids = 0
async function send(session: string | undefined, method: string, params: object = {}) {
  const headers = session === undefined ? {} : { 'mcp-session-id': session }
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: (ids += 1), method, params }))
  const request = { principal: testPrincipal, body, headers, clientIp: '', viewer }
  const reply = await to.mcp.handle(request, { notify() {} }, new AbortController().signal)
  return { ...reply, message: JSON.parse(reply.body?.toString() ?? 'null') }
}

const begin = async (): Promise<string> =>
  (await send(undefined, 'initialize', { protocolVersion: '2025-11-25' })).sessionId ?? ''

const subscribe = (session: string, uri: string) => send(session, 'resources/subscribe', { uri })

function openStream(id: string) {
  const told: unknown[] = []
  const outlet: Parameters<Mcp['listen']>[1] = {
    opened: () => undefined,
    prime: () => undefined,
    notify: (frame) => void told.push(JSON.parse(frame.toString())),
  }
  const client = new AbortController()
  const headers = { 'mcp-session-id': id }
  const ended = to.mcp.listen({ principal: testPrincipal, headers, viewer }, outlet, client.signal)
  return { told, ended, hangUp: () => client.abort() }
}

const updated = (uri: string) => ({
  jsonrpc: '2.0',
  method: 'notifications/resources/updated',
  params: { uri },
})

describe('a session that subscribes to a resource', () => {
  it('is told of its changes under the URI it knows, once in a quarter of a second (MCP-38, MCP-105, MCP-127)', async () => {
    const session = await begin()
    const stream = openStream(session)
    expect((await subscribe(session, NOTE)).message.result).toEqual({})
    to.change(0, 'note:///one')
    to.change(0, 'note:///one')
    expect(stream.told).toEqual([])
    await to.elapse(250)
    expect(stream.told).toEqual([updated(NOTE)])
  })

  it('keeps what else a server says with a change, to the byte (MCP-81)', async () => {
    const session = await begin()
    const frames: string[] = []
    const notify = (frame: Buffer): void => void frames.push(frame.toString())
    const outlet = { opened: () => undefined, prime: () => undefined, notify }
    const request = {
      principal: testPrincipal,
      headers: { 'mcp-session-id': session },
      viewer,
    }
    void to.mcp.listen(request, outlet, new AbortController().signal)
    await subscribe(session, NOTE)
    to.change(0, 'note:///one', ',"size":1e3,"_meta":{"a": 1.0}')
    await to.elapse(250)
    expect(frames).toEqual([
      `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"${NOTE}","size":1e3,"_meta":{"a": 1.0}}}`,
    ])
  })

  it('is told of parts of what it subscribed to (MCP-105)', async () => {
    const session = await begin()
    const stream = openStream(session)
    await subscribe(session, NOTE)
    to.change(0, 'note:///one-half')
    await to.elapse(250)
    expect(stream.told).toEqual([updated('peta.files+note:///one-half')])
  })

  it('asks the server once for what it already has, and lets go by unsubscribing', async () => {
    const session = await begin()
    await subscribe(session, NOTE)
    await subscribe(session, NOTE)
    expect(to.sent).toHaveLength(1)
    expect(to.sent[0]?.signal.aborted).toBe(false)
    expect((await send(session, 'resources/unsubscribe', { uri: NOTE })).message.result).toEqual({})
    expect(to.sent[0]?.signal.aborted).toBe(true)
  })

  it('is told on its newest stream only, and of what came without one as soon as there is one (MCP-34)', async () => {
    const session = await begin()
    await subscribe(session, NOTE)
    to.change(0, 'note:///one')
    await to.elapse(250)
    const first = openStream(session)
    expect(first.told).toEqual([updated(NOTE)])
    const second = openStream(session)
    to.change(0, 'note:///one')
    await to.elapse(250)
    expect([first.told.length, second.told.length]).toEqual([1, 1])
  })

  it('is told nothing that it may not read any more (MCP-127)', async () => {
    const session = await begin()
    const stream = openStream(session)
    await subscribe(session, NOTE)
    for (const stricter of ['deny', 'require_approval'] as const) {
      to.effect = 'allow'
      to.change(0, 'note:///one')
      to.effect = stricter
      await to.elapse(250)
    }
    to.effect = 'allow'
    isLetIn = false
    to.change(0, 'note:///one')
    await to.elapse(250)
    expect(stream.told).toEqual([])
  })

  it('holds nothing of what was refused: by a rule, by the server, or because it is not there', async () => {
    const session = await begin()
    to.answer = async () =>
      serverFrame({ jsonrpc: '2.0', id: 1, error: { code: -32_602, message: 'no' } })
    expect((await subscribe(session, NOTE)).message.error.code).toBe(-32_602)
    to.answer = async () => ({ state: 'denied', decision: { ...allowed, effect: 'deny' } })
    expect((await subscribe(session, NOTE)).message.error.code).toBe(4030)
    expect(to.sent.map(({ signal }) => signal.aborted)).toEqual([true, true])
    expect((await subscribe(session, 'peta.files+none:///')).message.error.code).toBe(-32_602)
    expect(to.sent).toHaveLength(2)
  })

  it('ends its subscriptions with itself', async () => {
    const session = await begin()
    await subscribe(session, NOTE)
    to.mcp.endSession({ principal: testPrincipal }, { 'mcp-session-id': session })
    expect(to.sent[0]?.signal.aborted).toBe(true)
  })

  it('has at most a thousand of them (MCP-128)', async () => {
    const session = await begin()
    for (let count = 0; count < 1000; count += 1) {
      await subscribe(session, `peta.files+note:///${count}`)
    }
    expect((await subscribe(session, NOTE)).message.error.code).toBe(-32_602)
    await send(session, 'resources/unsubscribe', { uri: 'peta.files+note:///0' })
    expect((await subscribe(session, NOTE)).message.result).toEqual({})
  })
})

describe('a subscription whose server was lost', () => {
  it('is let through anew, later each time, and counts as changed when it is back (MCP-57, MCP-126)', async () => {
    const session = await begin()
    const stream = openStream(session)
    await subscribe(session, NOTE)
    to.answer = async () => Promise.reject(new Error('not yet'))
    to.sent[0]?.outlet.lost?.()
    await to.elapse(500)
    expect(to.sent).toHaveLength(2)
    await to.elapse(1000)
    expect(to.sent).toHaveLength(3)
    to.answer = async () => serverResult({})
    await to.elapse(2000)
    await to.elapse(250)
    expect(stream.told).toEqual([updated(NOTE)])
    to.change(3, 'note:///one')
    await to.elapse(250)
    expect(stream.told).toHaveLength(2)
  })

  it('reaches no server as long as a person would have to let it through, or nobody may', async () => {
    const session = await begin()
    to.effect = 'require_approval'
    await subscribe(session, NOTE)
    to.sent[0]?.outlet.lost?.()
    await to.elapse(500)
    to.effect = 'deny'
    await to.elapse(1000)
    isLetIn = false
    await to.elapse(2000)
    expect(to.sent).toHaveLength(1)
    to.effect = 'allow'
    isLetIn = true
    await to.elapse(4000)
    expect(to.sent).toHaveLength(2)
  })

  it('is let go where its client let go meanwhile', async () => {
    const session = await begin()
    await subscribe(session, NOTE)
    to.sent[0]?.outlet.lost?.()
    await send(session, 'resources/unsubscribe', { uri: NOTE })
    await to.elapse(500)
    expect([to.sent.length, to.waiting()]).toEqual([1, 0])
  })
})

it('offers subscriptions where a server that is seen tells of its resources (MCP-38)', async () => {
  const capabilities = async (target: TestMcp) =>
    JSON.parse(String((await target.ask('server/discover')).body)).result.capabilities.resources
  expect(await capabilities(to.mcp)).toEqual({ listChanged: true, subscribe: true })
  expect(await capabilities(createTestMcp())).toEqual({ listChanged: true })
})
