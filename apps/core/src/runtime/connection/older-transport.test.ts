import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { SubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { describe, expect, it } from 'vitest'

import { startHttpServer } from '../../../../../tests/support/http-server.ts'
import {
  admin,
  arm,
  credentialSet,
  httpDefinition,
  openTestRuntime,
  type TestRuntime,
  WORKSPACE,
} from '../testing.ts'

const NOTE = 'note:///one'

/** A server by an official package, on the transport of 2024-11-05. */
async function startOlderServer() {
  const transports = new Map<string, SSEServerTransport>()
  const seen: string[] = []
  let newest: McpServer | undefined

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://localhost')
    seen.push(`${request.method} ${url.pathname} ${request.headers.authorization ?? ''}`)
    if (request.method === 'GET' && url.pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response)
      transports.set(transport.sessionId, transport)
      newest = createOlder()
      return newest.connect(transport)
    }
    const transport = transports.get(url.searchParams.get('sessionId') ?? '')
    if (request.method === 'POST' && url.pathname === '/messages' && transport) {
      return transport.handlePostMessage(request, response)
    }
    response.writeHead(404).end()
  }

  const server = createServer((request, response) => void serve(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/sse`,
    seen,
    change: () => newest?.server.sendResourceUpdated({ uri: NOTE }),
    endStreams: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function createOlder(): McpServer {
  const capabilities = { resources: { subscribe: true }, tools: {} }
  const server = new McpServer({ name: 'old', version: '1' }, { capabilities })
  server.registerTool('hello', {}, async ({ _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken
    if (progressToken !== undefined) {
      const params = { progressToken, progress: 1 }
      await sendNotification({ method: 'notifications/progress', params })
    }
    return { content: [{ type: 'text', text: 'hello' }] }
  })
  server.registerResource('one', NOTE, {}, async () => ({ contents: [{ uri: NOTE, text: '1' }] }))
  server.server.setRequestHandler(SubscribeRequestSchema, async () => ({}))
  return server
}

async function subscribe({ runtime }: TestRuntime, id: string) {
  const told: unknown[] = []
  const outlet = {
    notify: (frame: Buffer) => void told.push(JSON.parse(frame.toString()).params.uri),
    lost: () => void told.push('lost'),
  }
  const over = { action: 'resource.read', method: 'resources/subscribe' } as const
  await runtime.run(arm(runtime, id, NOTE, {}, over), outlet, new AbortController().signal)
  return told
}

describe('a server of the transport of 2024-11-05', () => {
  it('is found out last, and serves calls with their progress (MCP-50, MCP-51)', async () => {
    await using server = await startOlderServer()
    await using test = await openTestRuntime()
    const id = await test.ready(httpDefinition(server.url))
    const told: string[] = []
    const outlet = {
      notify: (frame: Buffer) => void told.push(JSON.parse(frame.toString()).method),
    }
    const meta = { progressToken: 'mine' }
    expect((await test.call(id, 'hello', {}, { outlet, meta })).text).toBe('hello')
    expect(told).toEqual(['notifications/progress'])
    const ways = server.seen.map((line) => line.trim())
    expect(ways.slice(0, 4)).toEqual(['POST /sse', 'POST /sse', 'GET /sse', 'POST /messages'])
  })

  it('gets its credential on the stream and with each message', async () => {
    await using server = await startOlderServer()
    const { host } = new URL(server.url)
    const value = 'Bearer s3cret'
    const credentials = credentialSet([
      { target: 'header', name: 'authorization', value, hosts: [host] },
    ])
    await using test = await openTestRuntime({ connectCredentials: async () => credentials })
    const id = await test.ready(httpDefinition(server.url))
    await test.call(id, 'hello', {}, { credentials })
    expect(server.seen.every((line) => line.endsWith(value))).toBe(true)
  })

  it('tells of its resources on its stream, and is lost with it (MCP-126)', async () => {
    await using server = await startOlderServer()
    await using test = await openTestRuntime()
    const id = await test.ready(httpDefinition(server.url))
    const told = await subscribe(test, id)
    await server.change()
    await expect.poll(() => told).toEqual([NOTE])
    server.endStreams()
    await expect.poll(() => told).toEqual([NOTE, 'lost'])
    expect((await test.call(id, 'hello')).text).toBe('hello')
  })
})

const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })

it.each([
  ['another host', 'http://127.0.0.2:1/messages'],
  ['another port', 'http://127.0.0.1:1/messages'],
  ['no address', 'http://['],
])('sends nothing where a stream names %s for it (MCP-51)', async (_, endpoint) => {
  await using server = await startHttpServer((request, response) => {
    if (request.method !== 'GET') return void response.writeHead(404).end()
    stream(response).write(`event: endpoint\ndata: ${endpoint}\n\n`)
  })
  await using test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, httpDefinition(server.url))
  await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toThrow(/^server_unavailable/)
  expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
})

it.each([401, 403, 500, 302])('does not take %i for a sign of it (MCP-51)', async (status) => {
  await using server = await startHttpServer(({ message: { method } }, response) => {
    const isGreeting = method === 'initialize'
    response.writeHead(isGreeting ? status : 404, { location: '/elsewhere' }).end()
  })
  await using test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, httpDefinition(server.url))
  await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toThrow(/^server_/)
  expect(server.seen.map(({ method }) => method)).not.toContain('GET')
})
