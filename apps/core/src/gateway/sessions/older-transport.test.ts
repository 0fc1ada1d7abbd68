import { beforeEach, describe, expect, it } from 'vitest'

import type { Profile } from '../../model/profile.ts'
import type { McpRequest } from '../mcp.ts'
import {
  createTestMcp,
  serverResult,
  testPrincipal,
  testProfile,
  type TestMcp,
} from '../testing.ts'

const profile: Profile = { ...testProfile, sse: true }
const { agent } = testPrincipal
const stranger = { ...testPrincipal, agent: { ...agent, id: 'agt_2' } }

let mcp: TestMcp
let finish: () => void
let isCancelled: boolean

beforeEach(() => {
  const work = Promise.withResolvers<void>()
  finish = work.resolve
  isCancelled = false
  mcp = createTestMcp({}, async (_call, _outlet, signal) => {
    signal.addEventListener('abort', () => (isCancelled = true))
    await work.promise
    return serverResult({ content: [] })
  })
})

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function requestOf(message: object, over: Partial<McpRequest> = {}): McpRequest {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
  const viewer = () => ({ principal: testPrincipal, profile })
  return { principal: testPrincipal, profile, body, headers: {}, clientIp: '', viewer, ...over }
}

function open() {
  const told: { id?: number; error?: object; result?: object }[] = []
  const client = new AbortController()
  let id = ''
  const outlet = {
    opened: (given: string) => void (id = given),
    notify: (frame: Buffer) => void told.push(JSON.parse(frame.toString())),
  }
  const ended = mcp.older.open(requestOf({}), outlet, client.signal)
  const post = (message: object, over?: Partial<McpRequest>) =>
    mcp.older.post(requestOf(message, over), id)
  return { told, post, ended, hangUp: () => client.abort() }
}

const hello = { id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05' } }
const call = {
  id: 2,
  method: 'tools/call',
  params: { name: 'files__echo', arguments: { text: 'x' } },
}
const unknown = expect.objectContaining({ code: 'session_unknown' })

describe('a stream of the older transport (MCP-39)', () => {
  it('takes messages of its principal at its profile only', () => {
    const { post, hangUp } = open()
    expect(() => post(hello, { principal: stranger })).toThrow(unknown)
    expect(() => post(hello, { profile: { ...profile, name: 'other' } })).toThrow(unknown)
    hangUp()
  })

  it('is known no longer than it is open, and what runs goes on without it (MCP-36)', async () => {
    const { post, ended, hangUp, told } = open()
    post(hello)
    await settle()
    post(call)
    await settle()
    hangUp()
    await ended
    expect(() => post(call)).toThrow(unknown)
    expect([mcp.calls.length, isCancelled]).toEqual([1, false])
    finish()
    await settle()
    expect(isCancelled).toBe(false)
    expect(told[0]).toMatchObject({ id: 1, result: { protocolVersion: '2024-11-05' } })
  })

  it('carries no messages of the later generation', async () => {
    const { post, told, hangUp } = open()
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' }
    post({ id: 3, method: 'server/discover', params: { _meta: meta } }, { headers })
    await settle()
    expect(told).toMatchObject([{ id: 3, error: { code: -32_600 } }])
    hangUp()
  })

  it('is one of at most eight of a principal', async () => {
    const streams = Array.from({ length: 8 }, open)
    await expect(open().ended).rejects.toMatchObject({ code: 'calls_limited' })
    for (const { hangUp } of streams) hangUp()
  })
})
