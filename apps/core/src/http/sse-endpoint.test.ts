import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { describe, expect, it } from 'vitest'

import { serverResult, testProfile } from '../gateway/testing.ts'
import type { Profile } from '../model/profile.ts'
import { openTestListener, TEST_TOKEN, type TestListener } from './testing.ts'

const profile: Profile = { ...testProfile, sse: true }
const bearer = { Authorization: `Bearer ${TEST_TOKEN}` }
const address = ({ url }: TestListener): URL => new URL(`${url}/${profile.name}/sse`)

const post = (url: URL, headers: Record<string, string>, body: string) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

/** A stream, and the address that it says first. */
async function openStream(listener: TestListener) {
  const leaving = new AbortController()
  const headers = { ...bearer, accept: 'text/event-stream' }
  const response = await fetch(address(listener), { headers, signal: leaving.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const next = async (): Promise<string> => (await reader?.read())?.value ?? ''
  const first = await next()
  const [, path = ''] = /^event: endpoint\ndata: (.*)\n\n$/.exec(first) ?? []
  return { first, next, messages: new URL(path, listener.url), hangUp: () => leaving.abort() }
}

describe('the transport of 2024-11-05 (MCP-39)', () => {
  it('carries a session of an official client', async () => {
    const { promise: heard, resolve: onprogress } = Promise.withResolvers<unknown>()
    await using listener = await openTestListener(
      async ({ frame }, outlet) => {
        const { progressToken } = Object(frame.params['_meta'])
        const params = { progressToken, progress: 1 }
        const notice = { jsonrpc: '2.0', method: 'notifications/progress', params }
        outlet.notify(Buffer.from(JSON.stringify(notice)))
        await heard
        return serverResult({ content: [{ type: 'text', text: 'done' }] })
      },
      { profile },
    )
    const client = new Client({ name: 'old', version: '1' })
    await client.connect(
      new SSEClientTransport(address(listener), { requestInit: { headers: bearer } }),
    )
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('files__echo')
    const call = { name: 'files__echo', arguments: { text: 'hi' } }
    const result = await client.callTool(call, undefined, { onprogress })
    expect(result.content).toEqual([{ type: 'text', text: 'done' }])
    expect(await heard).toEqual({ progress: 1 })
    await client.close()
  })

  it('says first where messages go, relative to where it is', async () => {
    await using listener = await openTestListener(undefined, { profile })
    const { first, hangUp } = await openStream(listener)
    expect(first).toMatch(/^event: endpoint\ndata: \/mcp\/bare\/sse\?session=[\w-]+\n\n$/)
    hangUp()
  })

  it('takes messages with 202, and answers on the stream', async () => {
    await using listener = await openTestListener(undefined, { profile })
    const { messages, next, hangUp } = await openStream(listener)
    const hello = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }
    const taken = await post(messages, bearer, JSON.stringify(hello))
    expect([taken.status, await taken.text()]).toEqual([202, ''])
    expect(await next()).toMatch(/^event: message\ndata: \{"jsonrpc":"2.0","id":1,"result":/)
    hangUp()
  })

  it('asks for the bearer on both, and the address alone opens nothing', async () => {
    await using listener = await openTestListener(undefined, { profile })
    const { messages, hangUp } = await openStream(listener)
    expect((await post(messages, {}, ping)).status).toBe(401)
    const unread = await fetch(address(listener), { headers: { accept: 'text/event-stream' } })
    expect(unread.status).toBe(401)
    messages.searchParams.set('session', 'made-up')
    expect((await post(messages, bearer, ping)).status).toBe(404)
    hangUp()
  })

  it('refuses at once what is no message', async () => {
    await using listener = await openTestListener(undefined, { profile })
    const { messages, hangUp } = await openStream(listener)
    expect((await post(messages, bearer, '{')).status).toBe(400)
    hangUp()
  })

  it.each([
    ['that does not serve it', testProfile],
    ['of modern clients only', { ...profile, eras: 'modern' as const }],
  ])('is not there at a profile %s', async (_, other) => {
    await using listener = await openTestListener(undefined, { profile: other })
    const response = await fetch(address(listener), {
      headers: { ...bearer, accept: 'text/event-stream' },
    })
    expect(response.status).toBe(404)
  })
})
