/** A peer: one SDK server per session in front, one shared SDK client behind. Argument: the port behind. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'

const client = new Client({ name: 'sdk-proxy', version: '1.0.0' })
const back = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${process.argv[2]}/mcp`))
await client.connect(asTransport(back))

const sessions = new Map<string, StreamableHTTPServerTransport>()

const http = createServer((request, response) => {
  void sessionOf(request).then((session) => session.handleRequest(request, response))
})

http.listen(0, '127.0.0.1', () => {
  const address = http.address()
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
})

async function sessionOf(request: IncomingMessage): Promise<StreamableHTTPServerTransport> {
  const known = sessions.get(String(request.headers['mcp-session-id']))
  if (known) return known
  const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  })
  const server = new Server(
    { name: 'sdk-proxy', version: '1.0.0' },
    { capabilities: { tools: {} } },
  )
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => client.listTools(params))
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => client.callTool(params))
  await server.connect(asTransport(transport))
  return transport
}

/** The SDK's own types disagree under exactOptionalPropertyTypes; its transports are transports. */
function asTransport(transport: unknown): Transport {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return transport as Transport
}
