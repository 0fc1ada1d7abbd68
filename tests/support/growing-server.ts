import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'

import { getRequestListener } from '@hono/node-server'
import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'

/** An official server of both generations over HTTP, which gets more tools while it runs. */
export type GrowingServer = AsyncDisposable &
  Readonly<{
    url: string
    /** A client waits for what it says on its own. */
    isHeard: () => boolean
    add: (tool: string) => void
    /** Adds one while all connections are cut, so that nobody can be told. */
    addUnheard: (tool: string) => void
  }>

export async function startGrowingServer(): Promise<GrowingServer> {
  const tools = ['first']
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()
  const live: McpServer[] = []
  const modern = createMcpHandler(() => build(tools), { legacy: 'reject' })

  async function openSession(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    })
    const server = build(tools)
    await server.connect(transport)
    live.push(server)
    return transport
  }

  async function serveSession(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id')
    const known = id === null ? await openSession() : sessions.get(id)
    return known ? known.handleRequest(request) : new Response(undefined, { status: 404 })
  }

  let streams = 0
  function noteStream(to: ServerResponse): void {
    streams += 1
    to.once('close', () => (streams -= 1))
  }

  const http = createServer((incoming, outgoing) => {
    const listener = getRequestListener(async (request) => {
      const isLegacy = await isLegacyRequest(request)
      const response = await (isLegacy ? serveSession(request) : modern.fetch(request))
      const isStream = response.headers.get('content-type') === 'text/event-stream'
      if (isStream) noteStream(outgoing)
      return response
    })
    void listener(incoming, outgoing)
  })
  const listening = Promise.withResolvers<void>()
  http.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = http.address()
  const port = typeof address === 'object' && address ? address.port : 0

  function add(tool: string): void {
    tools.push(tool)
    for (const server of live) register(server, tool)
    modern.notify.toolsChanged()
  }

  return {
    url: `http://127.0.0.1:${port}/mcp`,
    isHeard: () => streams > 0,
    add,
    addUnheard(tool) {
      http.closeAllConnections()
      add(tool)
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      const closed = Promise.withResolvers<void>()
      http.close(() => closed.resolve())
      await closed.promise
    },
  }
}

function build(tools: readonly string[]): McpServer {
  const server = new McpServer(
    { name: 'growing', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  )
  for (const tool of tools) register(server, tool)
  return server
}

function register(server: McpServer, tool: string): void {
  server.registerTool(tool, {}, async () => ({ content: [{ type: 'text', text: tool }] }))
}
