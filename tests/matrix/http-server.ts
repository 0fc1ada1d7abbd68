import { randomUUID } from 'node:crypto'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'

import type { Revision } from '../support/wire-client.ts'
import { createSpeaker, Message, type Speaker } from './speaker.ts'

export type MatrixServer = AsyncDisposable & Readonly<{ url: string }>

/** A server of one revision over Streamable HTTP, which refuses what that revision does not say. */
export async function startMatrixServer(revision: Revision): Promise<MatrixServer> {
  const sessions = new Set<string>()
  const speaker = createSpeaker({
    revision,
    restart() {
      sessions.clear()
      server.closeIdleConnections()
    },
  })
  const server = createServer((request, response) => {
    void serve({ revision, speaker, sessions }, request, response)
  })
  const listening = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

type Serving = Readonly<{ revision: Revision; speaker: Speaker; sessions: Set<string> }>

async function serve(
  { revision, speaker, sessions }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(405).end()
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  const message = Message.parse(JSON.parse(text))
  const { id, method } = message
  const isNew = method === 'initialize'
  const session = String(request.headers['mcp-session-id'])
  const isModern = revision === '2026-07-28'
  const problem = problemWith(revision, request.headers, message)
  if (problem !== undefined) {
    return sendJson(response, 400, { id, error: { code: -32_600, message: problem } })
  }
  if (!isModern && !isNew && !sessions.has(session)) return void response.writeHead(404).end()
  if (isNew) {
    const opened = randomUUID()
    sessions.add(opened)
    response.setHeader('mcp-session-id', opened)
  }
  const closed = new AbortController()
  response.on('close', () => closed.abort())
  await speaker.take(message, (sent) => reply(response, sent), closed.signal)
  if (id === undefined || method === undefined) response.writeHead(202)
  response.end()
}

/** JSON where the answer comes first, a stream where anything comes before it. */
function reply(response: ServerResponse, message: Readonly<Record<string, unknown>>): void {
  const isAnswer = message['method'] === undefined
  if (!response.headersSent && isAnswer) return sendJson(response, 200, message)
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`)
}

function sendJson(response: ServerResponse, status: number, message: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', ...message }))
}

/** What a server of this revision would not have been sent by a client of it. */
const problemWith = (
  revision: Revision,
  headers: IncomingHttpHeaders,
  message: Message,
): string | undefined =>
  revision === '2026-07-28'
    ? modernProblem(headers, message)
    : legacyProblem(revision, headers, message)

function modernProblem(
  headers: IncomingHttpHeaders,
  { method, params }: Message,
): string | undefined {
  if (headers['mcp-protocol-version'] !== '2026-07-28') return 'the header names another version'
  if (headers['mcp-method'] !== method) return 'the header names another method'
  if (method === 'tools/call' && headers['mcp-name'] !== params?.['name']) return 'another name'
  return headers['mcp-session-id'] === undefined ? undefined : 'there are no sessions'
}

function legacyProblem(
  revision: Revision,
  headers: IncomingHttpHeaders,
  { method }: Message,
): string | undefined {
  if (method === 'server/discover') return 'no session'
  if (headers['mcp-method'] !== undefined) return 'a header of a later revision'
  // The header came with 2025-06-18, and is nothing to servers before.
  const isChecked = revision >= '2025-06-18' && method !== 'initialize'
  const isWrong = isChecked && headers['mcp-protocol-version'] !== revision
  return isWrong ? 'the header does not name the version' : undefined
}
