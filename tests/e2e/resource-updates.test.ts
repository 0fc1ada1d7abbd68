import { afterAll, beforeAll, expect, it } from 'vitest'

import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'

import { startTestCore, type TestCore } from '../support/core.ts'
import { becomeOwner, issueToken, publishRules } from '../support/owner.ts'

const rules = `
rules:
  - id: tools-run
    scope: { principals: [any], actions: [tool.call], resources: ["label:read"] }
    effect: allow
  - id: notes-are-read
    scope: { principals: [any], actions: [resource.read], resources: ["label:read"] }
    effect: allow
`

const SERVER = new URL('../support/stdio-server.mjs', import.meta.url).pathname
/** One server of each generation. */
const servers = { old: ['--resources'], new: ['--resources', '--modern'] }

let core: TestCore
let token: string

beforeAll(async () => {
  core = await startTestCore()
  const owner = await becomeOwner(core)
  const { peta, workspace } = owner
  for (const [slug, flags] of Object.entries(servers)) {
    const command = process.execPath
    const launch = { kind: 'stdio' as const, command, args: [SERVER, ...flags], env: {} }
    const { id } = await peta.call('servers.install', {
      params: { workspace },
      body: { slug, launch },
    })
    const params = { workspace, server: id }
    await peta.call('items.accept', { params, body: { items: 'all', labels: ['read'] } })
  }
  await publishRules(owner, rules)
  token = await issueToken(owner, 'reader')
})

afterAll(() => core?.[Symbol.asyncDispose]())

type Reader = AsyncDisposable &
  Readonly<{
    subscribe: (uri: string) => Promise<unknown>
    call: (name: string, args: Record<string, unknown>) => Promise<unknown>
    told: readonly string[]
  }>

const at = () => new URL('/mcp', core.url)
const requestInit = () => ({ headers: { Authorization: `Bearer ${token}` } })

async function connectLegacy(): Promise<Reader> {
  const client = new LegacyClient({ name: 'reader', version: '1' })
  const told: string[] = []
  client.setNotificationHandler(
    ResourceUpdatedNotificationSchema,
    ({ params }) => void told.push(params.uri),
  )
  await client.connect(new LegacyTransport(at(), { requestInit: requestInit() }))
  return {
    subscribe: (uri) => client.subscribeResource({ uri }),
    call: (name, args) => client.callTool({ name, arguments: args }),
    told,
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function connectModern(): Promise<Reader> {
  const options = { versionNegotiation: { mode: 'auto' as const } }
  const client = new ModernClient({ name: 'reader', version: '1' }, options)
  const told: string[] = []
  client.setNotificationHandler(
    'notifications/resources/updated',
    ({ params }) => void told.push(params.uri),
  )
  await client.connect(new ModernTransport(at(), { requestInit: requestInit() }))
  return {
    subscribe: (uri) => client.listen({ resourceSubscriptions: [uri] }),
    call: (name, args) => client.callTool({ name, arguments: args }),
    told,
    [Symbol.asyncDispose]: () => client.close(),
  }
}

it.each([
  ['sdk v1', 'an older server', connectLegacy, 'old'],
  ['sdk v1', 'a modern server', connectLegacy, 'new'],
  ['client v2', 'an older server', connectModern, 'old'],
  ['client v2', 'a modern server', connectModern, 'new'],
] as const)(
  'tells a client of the %s of a changed resource of %s (MCP-38, MCP-126)',
  async (_, __, connect, slug) => {
    await using reader = await connect()
    await reader.subscribe(`peta.${slug}+note:///one`)
    await reader.call(`${slug}__touch`, { uri: 'note:///two' })
    await reader.call(`${slug}__touch`, { uri: 'note:///one' })
    await expect.poll(() => reader.told, { timeout: 10_000 }).toEqual([`peta.${slug}+note:///one`])
  },
)
