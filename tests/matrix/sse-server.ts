import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

import type { MatrixServer } from './http-server.ts'
import { createSpeaker, Message, type Speaker } from './speaker.ts'

/** A server of 2024-11-05 as that revision has it: one stream for all that it says, and an address to speak to it. */
export async function startSseServer(): Promise<MatrixServer> {
  const streams = new Map<string, ServerResponse>()
  const speaker = createSpeaker({
    revision: '2024-11-05',
    restart() {
      for (const stream of streams.values()) stream.destroy()
    },
  })
  const server = createServer((request, response) => {
    if (request.method === 'GET') open(streams, response)
    else void take(speaker, streams, { request, response })
  })
  const listening = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/sse`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

function open(streams: Map<string, ServerResponse>, response: ServerResponse): void {
  const session = randomUUID()
  streams.set(session, response)
  response.on('close', () => streams.delete(session))
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(`event: endpoint\ndata: /messages?session=${session}\n\n`)
}

type Posted = Readonly<{ request: IncomingMessage; response: ServerResponse }>

async function take(
  speaker: Speaker,
  streams: ReadonlyMap<string, ServerResponse>,
  { request, response }: Posted,
): Promise<void> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  const session = new URL(request.url ?? '', 'http://here').searchParams.get('session') ?? ''
  const stream = streams.get(session)
  if (!stream) return void response.writeHead(request.url === '/sse' ? 405 : 404).end()
  response.writeHead(202).end()
  const send = (message: object): void =>
    void stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`)
  await speaker.take(Message.parse(JSON.parse(text)), send, new AbortController().signal)
}
