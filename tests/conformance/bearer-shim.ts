/**
 * A relay on loopback that adds a bearer to every request, for suites that cannot. It copies bytes both ways as they
 * come and changes nothing else but this: `Host` and `Origin`, where they name the relay, name the target instead.
 *
 * Run: PETA_TOKEN=… node tests/conformance/bearer-shim.ts <target url>
 */
import {
  createServer,
  request as sendRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'

export type BearerShimOptions = Readonly<{ target: string; token: string }>

export type BearerShim = AsyncDisposable & { readonly url: string }

export async function startBearerShim(options: BearerShimOptions): Promise<BearerShim> {
  const target = new URL(options.target)
  const server = createServer((request, response) => {
    relay({ target, token: options.token }, request, response)
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

type Route = Readonly<{ target: URL; token: string }>

function relay({ target, token }: Route, request: IncomingMessage, response: ServerResponse): void {
  const headers = forward(request.headers, `127.0.0.1:${request.socket.localPort}`, target)
  headers.authorization = `Bearer ${token}`
  const outgoing = sendRequest(target, { method: request.method, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers)
    response.flushHeaders()
    reply.pipe(response)
    reply.once('error', () => response.destroy())
  })
  outgoing.once('error', () => response.destroy())
  response.once('close', () => outgoing.destroy())
  request.pipe(outgoing)
}

function forward(headers: IncomingHttpHeaders, ownHost: string, target: URL): OutgoingHttpHeaders {
  return {
    ...headers,
    ...(headers.host === ownHost && { host: target.host }),
    ...(headers.origin === `http://${ownHost}` && { origin: target.origin }),
  }
}

if (import.meta.main) {
  const [, , target = ''] = process.argv
  const shim = await startBearerShim({ target, token: process.env['PETA_TOKEN'] ?? '' })
  process.stdout.write(`bearer-shim ${shim.url}\n`)
}
