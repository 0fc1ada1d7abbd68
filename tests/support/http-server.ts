import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** What one POST of an MCP client held. */
export type SeenRequest = Readonly<{
  method: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  message: Readonly<{
    id?: number
    method?: string
    params?: Readonly<Record<string, unknown>>
  }>
}>

export type HttpTestServer = AsyncDisposable &
  Readonly<{ url: string; port: number; seen: readonly SeenRequest[] }>

type Reply = (request: SeenRequest, response: ServerResponse) => void

/** An HTTP server on loopback that answers as `reply` says and remembers what it was asked. */
export async function startHttpServer(reply: Reply): Promise<HttpTestServer> {
  const seen: SeenRequest[] = []
  const server = createServer((request, response) => {
    void serve(request, response)
  })
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readRequest(request)
    seen.push(read)
    reply(read, response)
  }

  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      await closed.promise
    },
  }
}

async function readRequest(request: IncomingMessage): Promise<SeenRequest> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  const message: SeenRequest['message'] = body === '' ? {} : JSON.parse(body)
  return { method: request.method ?? '', headers: request.headers, message }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export function sendEvents(response: ServerResponse, messages: readonly unknown[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const message of messages) response.write(`data: ${JSON.stringify(message)}\n\n`)
  response.end()
}

const text = (value: string) => ({ content: [{ type: 'text', text: value }] })

/** A server of the older generation, with sessions. `onCall` may answer a tool call in its own way. */
export function legacyReply(onCall?: Reply): Reply {
  let sessions = 0
  return (request, response) => {
    const { id, method } = request.message
    const result = (body: unknown): void =>
      sendJson(response, 200, { jsonrpc: '2.0', id, result: body })
    if (request.method === 'DELETE') return void response.writeHead(204).end()
    if (id === undefined) return void response.writeHead(202).end()
    if (method === 'initialize') {
      sessions += 1
      const body = {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'old', version: '1' },
      }
      const session = { 'mcp-session-id': `session-${sessions}` }
      return sendJson(response, 200, { jsonrpc: '2.0', id, result: body }, session)
    }
    if (method === 'server/discover') return void response.writeHead(400).end()
    if (method === 'tools/list') {
      return result({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] })
    }
    if (onCall) return onCall(request, response)
    result(text('hello'))
  }
}

/** A server of the modern generation: no session, every request by itself. */
export function modernReply(onCall?: Reply): Reply {
  return (request, response) => {
    const { id, method } = request.message
    const result = (body: object): void =>
      sendJson(response, 200, { jsonrpc: '2.0', id, result: { resultType: 'complete', ...body } })
    if (method === 'server/discover') {
      return result({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })
    }
    if (method === 'tools/list') {
      return result({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] })
    }
    if (onCall) return onCall(request, response)
    result(text('hello'))
  }
}
