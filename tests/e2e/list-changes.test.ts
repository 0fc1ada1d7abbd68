import { afterAll, beforeAll, expect, it } from 'vitest'

import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'

import { startTestCore, type TestCore } from '../support/core.ts'
import {
  countingTools,
  startCountingServer,
  type CountingServer,
} from '../support/counting-server.ts'
import { becomeOwner, type Owner, publishRules } from '../support/owner.ts'

const rules = (nonce: string, effect: 'allow' | 'deny'): string => `
# ${nonce}
rules:
  - id: reads-run
    scope: { principals: [any], actions: [tool.call], resources: ["label:read"] }
    effect: allow
  - id: writes
    scope: { principals: [any], actions: [tool.call], resources: ["label:write"] }
    effect: ${effect}
`

let core: TestCore
let server: CountingServer
let owner: Owner
let token: string
let agent: string

beforeAll(async () => {
  server = await startCountingServer(async () => undefined)
  core = await startTestCore()
  owner = await becomeOwner(core)
  const { peta, workspace } = owner
  const params = { workspace }
  const launch = { kind: 'http' as const, url: server.url, allowLoopback: true }
  const installed = await peta.call('servers.install', { params, body: { slug: 'count', launch } })
  for (const [label, name] of Object.entries(countingTools)) {
    const body = { items: [{ kind: 'tool' as const, name }], labels: [label] }
    await peta.call('items.accept', { params: { workspace, server: installed.id }, body })
  }
  await publish('deny')
  agent = (await peta.call('agents.create', { params, body: { name: 'listener' } })).id
  token = (await peta.call('tokens.issue', { params: { workspace, agent }, body: {} })).token
})

afterAll(async () => {
  await core?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

let published = 0

const publish = (effect: 'allow' | 'deny'): Promise<void> =>
  publishRules(owner, rules(String((published += 1)), effect))

type Listener = AsyncDisposable &
  Readonly<{ tools: () => Promise<readonly string[]>; changed: () => number }>

const requestInit = () => ({ headers: { Authorization: `Bearer ${token}` } })

async function listenLegacy(): Promise<Listener> {
  const client = new LegacyClient({ name: 'listener', version: '1' })
  let changes = 0
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1))
  await client.connect(
    new LegacyTransport(new URL('/mcp', core.url), { requestInit: requestInit() }),
  )
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    changed: () => changes,
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function listenModern(): Promise<Listener> {
  let changes = 0
  const listChanged = { tools: { onChanged: () => void (changes += 1) } }
  const options = { versionNegotiation: { mode: 'auto' as const }, listChanged }
  const client = new ModernClient({ name: 'listener', version: '1' }, options)
  await client.connect(
    new ModernTransport(new URL('/mcp', core.url), { requestInit: requestInit() }),
  )
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    changed: () => changes,
    [Symbol.asyncDispose]: () => client.close(),
  }
}

it.each([
  ['sdk v1', listenLegacy],
  ['client v2', listenModern],
])(
  'tells a client of the %s when a rule shows or hides a tool (MCP-34, MCP-125, MCP-127)',
  async (_, connect) => {
    await using listener = await connect()
    const before = await listener.tools()
    expect(before).not.toContain('count__write_note')
    await publish('allow')
    await expect.poll(listener.changed, { timeout: 10_000 }).toBeGreaterThan(0)
    expect(await listener.tools()).toContain('count__write_note')
    await publish('deny')
    await expect.poll(listener.tools, { timeout: 10_000 }).toEqual(before)
  },
)

/** A stream of the raw endpoint, which says when it ended. */
async function openStream(headers: Record<string, string>, body?: object): Promise<Response> {
  return fetch(`${core.url}/mcp`, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  })
}

const subscription = {
  jsonrpc: '2.0',
  id: 'sub-1',
  method: 'subscriptions/listen',
  params: {
    notifications: { toolsListChanged: true, resourceSubscriptions: ['x:y'] },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
}
const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' }

it('answers a stream that belongs to no session with 405 (MCP-12)', async () => {
  for (const headers of [{}, { 'mcp-session-id': 'x' }]) {
    const response = await openStream(headers)
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({
      status: 405,
      allow: 'POST',
    })
  }
})

it('acknowledges what it tells of, and ends a subscription in a result when it stops (MCP-125, MCP-128)', async () => {
  const response = await openStream(modernHeaders, subscription)
  const stopped = core.stop()
  const text = await response.text()
  expect(await stopped).toBe(0)
  const messages = text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)))
  const meta = { 'io.modelcontextprotocol/subscriptionId': 'sub-1' }
  expect(messages).toMatchObject([
    {
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { toolsListChanged: true }, _meta: meta },
    },
    { id: 'sub-1', result: { resultType: 'complete', _meta: meta } },
  ])
  expect(messages[0].params.notifications).not.toHaveProperty('resourceSubscriptions')
  await core.start()
})

it('ends a subscription with the token that opened it (MCP-128)', async () => {
  const { peta, workspace } = owner
  const response = await openStream(modernHeaders, subscription)
  await peta.call('agents.change', {
    params: { workspace, agent },
    body: { status: 'suspended' },
  })
  expect(await response.text()).toContain('acknowledged')
})
