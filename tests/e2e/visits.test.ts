import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openMcpEndpoint, type McpEndpoint } from '../support/mcp-endpoint.ts'

const INFO = { name: 'visitor', version: '1' }
const CAPABILITIES = { elicitation: { url: {} } }

let endpoint: McpEndpoint

beforeAll(async () => {
  endpoint = await openMcpEndpoint()
}, 60_000)
afterAll(() => endpoint?.[Symbol.asyncDispose]())

const address = () => new URL('/mcp', endpoint.core.url)
const options = () => ({
  requestInit: { headers: { Authorization: `Bearer ${endpoint.token}` } },
})

async function connectLegacy(onVisit: (params: object) => void, onComplete: (id: string) => void) {
  const client = new LegacyClient(INFO, { capabilities: CAPABILITIES })
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    onVisit(params)
    return { action: 'accept' }
  })
  client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) =>
    onComplete(params.elicitationId),
  )
  await client.connect(new LegacyTransport(address(), options()))
  return client
}

const call = (name: string, args: Record<string, unknown>) => ({
  name: `test__${name}`,
  arguments: args,
})

it('tells an older client of a visit under an id of Peta’s, and when it is done (MCP-69, MCP-38)', async () => {
  const completed: string[] = []
  const client = await connectLegacy(
    () => undefined,
    (id) => completed.push(id),
  )
  const refused = await client.callTool(call('visit', { id: 'v 1' })).catch((error) => error)
  expect(refused).toBeInstanceOf(UrlElicitationRequiredError)
  const [wanted] = refused.elicitations
  expect(wanted).toMatchObject({ mode: 'url', url: 'https://login.example/v 1' })
  expect(wanted.elicitationId).toMatch(/^eli_/)
  await client.callTool(call('visited', { id: 'nobody asked for it' }))
  await client.callTool(call('visited', { id: 'v 1' }))
  await expect.poll(() => completed).toEqual([wanted.elicitationId])
  const { content } = await client.callTool(call('visit', { id: 'v 1' }))
  expect(content).toMatchObject([{ text: 'visited' }])
  await client.close()
})

it('gives a question for a visit an id of Peta’s too (MCP-69, MCP-82)', async () => {
  const asked: object[] = []
  const client = await connectLegacy(
    (params) => asked.push(params),
    () => undefined,
  )
  const params = { mode: 'url', elicitationId: 'theirs', url: 'https://a.example', message: 'Go' }
  await client.callTool(call('ask', { method: 'elicitation/create', params }))
  expect(asked).toMatchObject([{ elicitationId: expect.stringMatching(/^eli_/) }])
  await client.close()
})

it('asks a newer client for the visit, and makes the call again when it is back (MCP-69)', async () => {
  const asked: object[] = []
  const client = new ModernClient(INFO, {
    versionNegotiation: { mode: 'auto' },
    capabilities: CAPABILITIES,
  })
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    asked.push(params)
    await client.callTool(call('visited', { id: 'v2' }))
    return { action: 'accept' }
  })
  await client.connect(new ModernTransport(address(), options()))
  const { content } = await client.callTool(call('visit', { id: 'v2' }))
  expect(content).toMatchObject([{ text: 'visited' }])
  expect(asked).toMatchObject([{ mode: 'url', url: 'https://login.example/v2' }])
  await client.close()
})
