import { afterAll, beforeAll, expect, it } from 'vitest'

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

import { startTestCore, type TestCore } from '../support/core.ts'
import {
  countingTools,
  startCountingServer,
  type CountingServer,
} from '../support/counting-server.ts'
import { becomeOwner, issueToken, publishRules } from '../support/owner.ts'

const rules = `
rules:
  - id: all-run
    scope: { principals: [any], actions: [tool.call], resources: ["label:write"] }
    effect: allow
`

let core: TestCore
let server: CountingServer
let token: string
/** Ends the server's work on a call. */
let release: () => void

beforeAll(async () => {
  const work = Promise.withResolvers<void>()
  release = work.resolve
  server = await startCountingServer(() => work.promise)
  core = await startTestCore()
  const owner = await becomeOwner(core)
  const { peta, workspace } = owner
  const params = { workspace }
  const launch = { kind: 'http' as const, url: server.url, allowLoopback: true }
  const installed = await peta.call('servers.install', { params, body: { slug: 'count', launch } })
  const items = [{ kind: 'tool' as const, name: countingTools.write }]
  const accepting = { workspace, server: installed.id }
  await peta.call('items.accept', { params: accepting, body: { items, labels: ['write'] } })
  await publishRules(owner, rules)
  token = await issueToken(owner, 'roamer')
})

afterAll(async () => {
  await core?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

/** A way to Core that can be cut, as a client's network is. */
function createWay() {
  let cutting = new AbortController()
  let seen = ''
  return {
    fetch: async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
      const signals = [cutting.signal, ...(init.signal ? [init.signal] : [])]
      const response = await fetch(url, { ...init, signal: AbortSignal.any(signals) })
      const watched = response.body?.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, out) {
            seen += Buffer.from(chunk).toString()
            out.enqueue(chunk)
          },
        }),
      )
      const { status, headers } = response
      return new Response(watched ?? null, { status, headers })
    },
    seen: () => seen,
    cut() {
      cutting.abort(new Error('the network is gone'))
      cutting = new AbortController()
    },
  }
}

it('gives an official client the answer of a call whose connection broke meanwhile, and runs it once (MCP-35, MCP-36)', async () => {
  const way = createWay()
  const client = new Client({ name: 'roamer', version: '1' })
  const requestInit = { headers: { Authorization: `Bearer ${token}` } }
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', core.url), { requestInit, fetch: way.fetch }),
  )
  const calling = client.callTool({ name: 'count__write_note', arguments: { key: 'once' } })
  await expect.poll(way.seen, { timeout: 10_000 }).toContain('retry: ')
  way.cut()
  release()
  expect(await calling).toMatchObject({ content: [{ type: 'text', text: 'once' }] })
  expect(server.effectsOf('once')).toBe(1)
  await client.close()
})
