import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { startTestCore, type TestCore } from '../support/core.ts'
import { startCountingServer, type CountingServer } from '../support/counting-server.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, type Owner, issueToken, publishRules } from '../support/owner.ts'

const RULES = `
rules:
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: require_approval
`
const INFO = { name: 'waiting', version: '1' }
const WAITING = /^Waiting for approval APR-[0-9A-F]{8} \(15 min left\)$/

let core: TestCore
let owner: Owner
let server: CountingServer
let token: string

beforeAll(async () => {
  server = await startCountingServer(async () => undefined)
  core = await startTestCore()
  owner = await becomeOwner(core)
  await installServer(owner, 'count', { kind: 'http', url: server.url, allowLoopback: true })
  await publishRules(owner, RULES)
  token = await issueToken(owner)
}, 60_000)

afterAll(async () => {
  await core?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

const door = () => ({ requestInit: { headers: { Authorization: `Bearer ${token}` } } })

async function approve(): Promise<void> {
  const { peta, workspace } = owner
  const query = { state: 'PENDING' } as const
  const { items } = await peta.call('approvals.list', { params: { workspace }, query })
  for (const { id: approval } of items) {
    const params = { workspace, approval }
    const { bind } = await peta.call('approvals.read', { params })
    await peta.call('approvals.vote', { params, body: { vote: 'yes', bind } })
  }
}

it('holds a client of the older era with progress until people decided (MCP-136, APR-44)', async () => {
  const client = new LegacyClient(INFO)
  await client.connect(new LegacyTransport(new URL('/mcp', core.url), door()))
  const told: string[] = []
  const { promise: status, resolve: tellStatus } = Promise.withResolvers<unknown>()
  async function askThenApprove(message: string): Promise<void> {
    const id = /APR-[0-9A-F]{8}/.exec(message)?.[0]
    tellStatus(await client.callTool({ name: 'peta__approval_status', arguments: { id } }))
    await approve()
  }
  const result = await client.callTool(
    { name: 'count__write_note', arguments: { key: 'old' } },
    undefined,
    {
      onprogress({ message = '' }) {
        told.push(message)
        void askThenApprove(message)
      },
    },
  )
  expect(result).toMatchObject({ content: [{ text: 'old' }] })
  expect(told[0]).toMatch(WAITING)
  expect(server.effectsOf('old')).toBe(1)
  expect(await status).toMatchObject({ structuredContent: { state: 'PENDING' } })
  await client.close()
})

it('sends a modern client’s user to an address, and has the client wait on (MCP-136, APR-41)', async () => {
  const client = new ModernClient(INFO, {
    versionNegotiation: { mode: 'auto' },
    capabilities: { elicitation: { url: {} } },
  })
  const visits: object[] = []
  const urls: string[] = []
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    visits.push(params)
    if ('url' in params) urls.push(params.url)
    await approve()
    return { action: 'accept' }
  })
  await client.connect(new ModernTransport(new URL('/mcp', core.url), door()))
  const result = await client.callTool({ name: 'count__write_note', arguments: { key: 'new' } })
  expect(result).toMatchObject({ content: [{ text: 'new' }] })
  expect(visits).toMatchObject([{ mode: 'url', message: expect.stringMatching(WAITING) }])
  expect(server.effectsOf('new')).toBe(1)
  expect(await (await fetch(urls[0] ?? '')).text()).toContain('Opening this page decides nothing.')
  await client.close()
}, 60_000)
