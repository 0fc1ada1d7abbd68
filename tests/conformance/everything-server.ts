/**
 * An MCP server that offers whatever the conformance suites ask a server for, in both eras, over HTTP on loopback: the
 * measure that Peta is held against, first on its own, then with Peta in front.
 *
 * Run: node tests/conformance/everything-server.ts [port]
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

import { getRequestListener } from '@hono/node-server'
import {
  McpServer,
  WebStandardStreamableHTTPServerTransport,
  createMcpHandler,
  createRequestStateCodec,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server'

import { registerAskingTools, type Remembered } from './fixture/asking-tools.ts'
import { registerContentTools, type ListChanges } from './fixture/content-tools.ts'
import { registerPrompts, registerResources } from './fixture/documents.ts'

const state = createRequestStateCodec<Remembered>({ key: randomBytes(32) })

const mcp = createMcpHandler(() => createEverything(mcp.notify), { legacy: 'reject' })
const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()

const listener = getRequestListener(async (request) => {
  const refusal =
    hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
    originValidationResponse(request, localhostAllowedOrigins())
  if (refusal) return refusal
  return (await isLegacyRequest(request)) ? serveSession(request) : mcp.fetch(request)
})

/** Older revisions keep a server object per session, because it asks its own questions on the session's streams. */
async function serveSession(request: Request): Promise<Response> {
  const id = request.headers.get('mcp-session-id')
  const known = id === null ? await openSession() : sessions.get(id)
  return known ? known.handleRequest(request) : new Response(undefined, { status: 404 })
}

async function openSession(): Promise<WebStandardStreamableHTTPServerTransport> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  })
  const server: McpServer = createEverything({
    toolsChanged: () => server.sendToolListChanged(),
    promptsChanged: () => server.sendPromptListChanged(),
  })
  server.server.setRequestHandler('resources/subscribe', async () => ({}))
  server.server.setRequestHandler('resources/unsubscribe', async () => ({}))
  await server.connect(transport)
  return transport
}

function createEverything(changes: ListChanges): McpServer {
  const server = new McpServer(
    { name: 'everything', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: (sealed, context) => state.verify(sealed, context) },
    },
  )
  registerContentTools(server, changes)
  registerAskingTools(server, state)
  registerResources(server)
  registerPrompts(server)
  return server
}

const server = createServer((request, response) => void listener(request, response))
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  process.stdout.write(`everything http://127.0.0.1:${port}/mcp\n`)
})
