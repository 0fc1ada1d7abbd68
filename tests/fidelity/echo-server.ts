import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

import { tools } from './corpus.ts'

export type Era = 'modern' | 'legacy'

/** An MCP server that keeps the bytes of each call and answers with bytes of the test. */
export type EchoServer = AsyncDisposable &
  Readonly<{
    url: string
    /** As text; `<ID>` becomes the id of the request. Frames before the last leave as events. */
    answerWith: (...frames: readonly string[]) => void
    lastCall: () => string
  }>

const LIST = `{"tools":[${tools.join(',')}]`

const plumbing: Readonly<Record<Era, Readonly<Record<string, string>>>> = {
  modern: {
    'server/discover':
      '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}',
    'tools/list': `${LIST},"resultType":"complete"}`,
  },
  legacy: {
    initialize:
      '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"echo","version":"1"}}',
    'tools/list': `${LIST}}`,
    ping: '{}',
  },
}

export async function startEchoServer(era: Era): Promise<EchoServer> {
  let frames: readonly string[] = []
  let lastCall = ''
  const server = createServer((request, response) => void serve(request, response))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const text = Buffer.concat(chunks).toString('utf8')
    const message: { id?: unknown; method?: string } = text === '' ? {} : JSON.parse(text)
    const { id, method = '' } = message
    if (request.method !== 'POST') return void response.writeHead(405).end()
    if (id === undefined) return void response.writeHead(202).end()
    if (method === 'tools/call') {
      lastCall = text
      const all = frames.map((frame) => frame.replace('<ID>', JSON.stringify(id)))
      return all.length > 1 ? sendEvents(response, all) : sendJson(response, 200, all[0] ?? '')
    }
    const known = plumbing[era][method]
    if (known === undefined) return void response.writeHead(400).end()
    sendJson(response, 200, `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${known}}`)
  }

  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const place = server.address()
  return {
    url: `http://127.0.0.1:${typeof place === 'object' && place ? place.port : 0}/mcp`,
    answerWith: (...given) => (frames = given),
    lastCall: () => lastCall,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      await closed.promise
    },
  }
}

function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

function sendEvents(response: ServerResponse, frames: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const frame of frames) response.write(`data: ${frame}\n\n`)
  response.end()
}
