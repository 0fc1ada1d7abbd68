/**
 * A relay on loopback that adds a bearer to every request, for suites that cannot. It copies bytes both ways as they
 * come and changes nothing else but this: `Host` and `Origin`, where they name the relay, name the target instead; and
 * the names of one server, if told to (`rename.ts`).
 *
 * Run: PETA_TOKEN=… node tests/conformance/bearer-shim.ts <target url> [--prefix <alias>]
 */
import {
  createServer,
  request as sendRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { parseArgs } from 'node:util'

import { createRenaming, type Renaming } from './rename.ts'

export type BearerShimOptions = Readonly<{
  target: string
  token: string
  prefix?: string | undefined
}>

export type BearerShim = AsyncDisposable & { readonly url: string }

export async function startBearerShim(options: BearerShimOptions): Promise<BearerShim> {
  const target = new URL(options.target)
  const renaming = options.prefix === undefined ? undefined : createRenaming(options.prefix)
  const server = createServer((request, response) => {
    relay({ target, token: options.token, renaming }, request, response).catch(() =>
      response.destroy(),
    )
  })
  const listening = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

type Route = Readonly<{ target: URL; token: string; renaming: Renaming | undefined }>

async function relay(
  { target, token, renaming }: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = renaming && (await readAll(request))
  const headers = forward(request.headers, `127.0.0.1:${request.socket.localPort}`, target)
  headers.authorization = `Bearer ${token}`
  if (renaming && body) renameRequest(renaming, headers, body)

  const outgoing = sendRequest(target, { method: request.method, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, renaming ? ofUnknownLength(reply) : reply.headers)
    response.flushHeaders()
    if (renaming) pipeRenamed(renaming, reply, response)
    else reply.pipe(response)
    reply.once('error', () => response.destroy())
  })
  outgoing.once('error', () => response.destroy())
  response.once('close', () => outgoing.destroy())
  if (renaming && body) outgoing.end(renaming.body(body))
  else request.pipe(outgoing)
}

function forward(headers: IncomingHttpHeaders, ownHost: string, target: URL): OutgoingHttpHeaders {
  return {
    ...headers,
    ...(headers.host === ownHost && { host: target.host }),
    ...(headers.origin === `http://${ownHost}` && { origin: target.origin }),
  }
}

function renameRequest(renaming: Renaming, headers: OutgoingHttpHeaders, body: Buffer): void {
  const name = headers['mcp-name']
  Object.assign(headers, {
    ...(typeof name === 'string' && { 'mcp-name': renaming.header(name, body) }),
    ...(headers['content-length'] !== undefined && {
      'content-length': renaming.body(body).length,
    }),
  })
}

function pipeRenamed(renaming: Renaming, reply: IncomingMessage, response: ServerResponse): void {
  const { push, end } = renaming.reply()
  reply.on('data', (chunk: Buffer) => void response.write(push(chunk)))
  reply.once('end', () => response.end(end()))
}

/** A renamed reply is shorter than its sender said. */
function ofUnknownLength({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'))
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { prefix: { type: 'string' } },
  })
  const [target = ''] = positionals
  const shim = await startBearerShim({ target, token: process.env['PETA_TOKEN'] ?? '', ...values })
  process.stdout.write(`bearer-shim ${shim.url}\n`)
}
