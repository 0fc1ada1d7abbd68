import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

import { CoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'
import { createGuard, type Guard, servedNames } from './guard.ts'
import { type McpEndpoint, refuse } from './mcp-endpoint.ts'
import { metadataUrl, placeOf, resourceMetadata } from './well-known.ts'

export type ListenDeps = Readonly<{
  host: string
  port: number
  /** The configured origin; without one, the bound address is it. */
  publicUrl: string | undefined
  /** Issuers whose tokens are taken; none while tokens are only made by administrators. */
  issuers: readonly string[]
  /** Whether there is a profile of this name, and one that serves the older transport where that is asked for. */
  isProfile: (name: string, isSse: boolean) => boolean
  mcp: (publicUrl: () => string) => McpEndpoint
  /** The admin API and the Console: everything that is not MCP. */
  fallback: (request: IncomingMessage, response: ServerResponse) => void
  /** Renders a refusal of the guard where no MCP client is the reader. */
  refuseOther: (error: unknown, request: IncomingMessage, response: ServerResponse) => void
}>

export type Listener = AsyncDisposable & Readonly<{ publicUrl: string; port: number }>

const HEADERS_MS = 10_000
const REQUEST_MS = 30_000
const KEEP_ALIVE_MS = 65_000
const HEADER_BYTES_MAX = 16 * 1024
const CONNECTIONS_MAX = 10_000
const TICK_MS = 5_000
const CLOSE_LOOK_MS = 50

/**
 * Opens the one port: MCP paths are told by comparing strings before any framework looks at the request (H1), the
 * rest goes to `fallback`. Slow senders are cut off (SEC-90).
 *
 * @throws CoreError `port_taken`, `bind_failed`
 */
export async function listen(deps: ListenDeps): Promise<Listener> {
  const options = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  }
  const server = createServer(options)
  server.maxConnections = CONNECTIONS_MAX
  const bound = await bind(server, deps)
  const names = servedNames(bound, deps.publicUrl)
  const publicUrl = deps.publicUrl ?? `http://${names.hosts[0]}`
  const endpoint = deps.mcp(() => publicUrl)
  const guard = createGuard(names)
  server.on('request', route({ ...deps, endpoint, guard, publicUrl }))
  const timer = setInterval(endpoint.tick, TICK_MS).unref()

  return {
    publicUrl,
    port: bound.port,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await Promise.all([endpoint.stop(), close(server)])
    },
  }
}

type Routed = Omit<ListenDeps, 'publicUrl'> &
  Readonly<{ endpoint: McpEndpoint; guard: Guard; publicUrl: string }>

function route(routed: Routed): (request: IncomingMessage, response: ServerResponse) => void {
  return function onRequest(request, response) {
    const place = placeOf(pathOf(request.url ?? ''))
    const { kind, profile } = place
    try {
      routed.guard(request)
    } catch (error) {
      const { publicUrl } = routed
      if (kind === 'mcp') {
        refuse(request, response, { error, metadataUrl: metadataUrl(publicUrl, profile) })
      } else routed.refuseOther(error, request, response)
      return
    }
    const isThere = profile === undefined || routed.isProfile(profile, place.isSse ?? false)
    if (kind === 'mcp' && isThere) routed.endpoint.handle(request, response, place)
    else if (kind === 'mcp') answer(response, 404, undefined)
    else if (kind === 'metadata' && isThere) {
      answer(response, 200, Buffer.from(resourceMetadata(routed, profile)))
    } else routed.fallback(request, response)
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

function answer(response: ServerResponse, status: number, json: Buffer | undefined): void {
  const type = json ? ['Content-Type', 'application/json'] : []
  const length = ['Content-Length', String(json?.length ?? 0)]
  response.writeHead(status, [...type, ...length, 'Cache-Control', 'no-store'])
  response.end(json)
}

async function bind(
  server: Server,
  { host, port }: Pick<ListenDeps, 'host' | 'port'>,
): Promise<Readonly<{ address: string; port: number }>> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  try {
    await promise
  } catch (cause) {
    throw bindError(cause, { host, port })
  }
  server.removeListener('error', reject)
  const bound = server.address()
  if (typeof bound !== 'object' || bound === null)
    throw new RangeError('no address after listening')
  return bound
}

type Place = Readonly<{ host: string; port: number }>

function bindError(cause: unknown, { host, port }: Place): CoreError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  if (code === 'EADDRINUSE') {
    return new CoreError('port_taken', { address: `${host}:${port}` }, { cause })
  }
  const problem = bindProblems[code]?.({ host, port }) ?? `Listening on ${host}:${port}: ${code}.`
  return new CoreError('bind_failed', { problem }, { cause })
}

const bindProblems: Readonly<Record<string, (place: Place) => string>> = {
  EACCES: ({ port }) => `This user may not open port ${port}; set PETA_PORT to 1024 or above.`,
  EADDRNOTAVAIL: ({ host }) =>
    `No interface has the address ${host}; set PETA_BIND to an address of this machine.`,
}

/** Lets running answers end, then cuts what is left. A connection stays open after its last answer unless it is closed. */
async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  const look = setInterval(() => server.closeIdleConnections(), CLOSE_LOOK_MS)
  const force = setTimeout(() => server.closeAllConnections(), limits.shutdownMs)
  await promise
  clearInterval(look)
  clearTimeout(force)
}
