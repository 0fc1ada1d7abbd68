import { holds, isRouteName, routes, type Route, type RouteName } from '@peta/contract'
import { Hono, type Context } from 'hono'

import type { AdminCommands, AdminRequest } from '../admin/command.ts'
import { CoreError, isCoreError } from '../ground/errors.ts'
import type { Log } from '../ground/log.ts'
import type { Person } from '../model/principal.ts'
import { credentialInUrl } from './credential-in-url.ts'
import { createOpenApi } from './openapi.ts'
import { pages } from './pages.ts'
import { problemOf, problemPage } from './problem.ts'
import { readBody, readParams, readQuery } from './read-input.ts'

export type AdminAppParts = Readonly<{
  commands: AdminCommands
  /** @throws CoreError `unauthenticated`, or `human_session_required` for an agent's token */
  person: (authorization: string | undefined) => Promise<Person>
  /** Ends a genuine credential that came in an address. @throws CoreError `credential_in_url` */
  refuseInUrl: (credential: string) => Promise<never>
  /** Whether the header proves access to the host. Constant time. */
  isHost: (authorization: string | undefined) => boolean
  isSetUp: () => Promise<boolean>
  /** What keeps Core from serving calls, in a sentence each; empty when it is ready. */
  obstacles: () => Promise<readonly string[]>
  /** Public keys of the audit log, for whoever verifies an export. */
  auditKeys: () => Promise<object>
  publicUrl: () => string
  newId: (prefix: string) => string
  log: Log
  version: string
}>

type Env = {
  Variables: { requestId: string }
  Bindings: { incoming?: { socket: { remoteAddress?: string } } }
}
type Ctx = Context<Env>

/** The admin API: every route of the contract, and nothing else. */
export function createAdminApp(parts: AdminAppParts): Hono<Env> {
  const app = new Hono<Env>()
  const openApi = JSON.stringify(createOpenApi(parts.version))

  app.use(async (c, next) => {
    c.set('requestId', parts.newId('req'))
    c.header('cache-control', 'no-store')
    c.header('x-content-type-options', 'nosniff')
    const leaked = credentialInUrl(c.req.url)
    if (leaked !== undefined) await parts.refuseInUrl(leaked)
    await next()
  })
  app.get('/api/v1/openapi.json', (c) =>
    c.body(openApi, 200, { 'content-type': 'application/json' }),
  )
  app.get('/health', (c) => c.json({ status: 'alive', version: parts.version }))
  app.get('/ready', async (c) => ready(c, await parts.obstacles()))
  app.get('/.well-known/peta-audit-keys', async (c) => c.json(await parts.auditKeys()))
  for (const [path, page] of Object.entries(pages)) {
    app.get(path, (c) => c.text(page(parts.publicUrl())))
  }
  app.get('/problems/:code', (c) => c.text(problemPage(c.req.param('code'))))
  for (const name of Object.keys(routes).filter(isRouteName)) {
    const route: Route = routes[name]
    app.on(route.method, honoPath(route.path), async (c) => answer(parts, name, c))
  }
  for (const [path, methods] of methodsByPath()) {
    app.all(honoPath(path), () => {
      throw new CoreError('method_not_allowed', { allowed: methods })
    })
  }
  app.notFound((c) => renderProblem(c, new CoreError('not_found')))
  app.onError((error, c) => {
    if (!isCoreError(error))
      parts.log.error({ err: error, requestId: c.get('requestId') }, 'admin request failed')
    return renderProblem(c, error)
  })
  return app
}

/** Alive is not ready: a sealed vault or a lost database keeps Core up and its callers waiting. */
const ready = (c: Ctx, obstacles: readonly string[]): Response =>
  obstacles.length === 0
    ? c.json({ status: 'ready' })
    : c.json({ status: 'not ready', obstacles: [...obstacles] }, 503)

/** The order of the checks is the order of what a stranger may learn: nothing before who, nothing before may. */
async function answer(parts: AdminAppParts, name: RouteName, c: Ctx): Promise<Response> {
  const route: Route = routes[name]
  const person = await authorize(parts, route, c)
  const params = readParams(c.req.param())
  if (person && params['workspace'] !== undefined && params['workspace'] !== person.workspaceId) {
    throw new CoreError('not_found')
  }
  const request = {
    person,
    params,
    query: readQuery(route, c.req.queries()),
    body: await readBody(route, c.req.raw),
    requestId: c.get('requestId'),
    clientIp: c.env.incoming?.socket.remoteAddress ?? '',
    lastEventId: c.req.header('last-event-id'),
    signal: c.req.raw.signal,
  }
  return respond(route, c, await run(parts.commands, name, request))
}

async function authorize(parts: AdminAppParts, route: Route, c: Ctx): Promise<Person | undefined> {
  const authorization = c.req.header('authorization')
  if (route.auth === 'none') return undefined
  if (route.auth === 'host') {
    if (!parts.isHost(authorization)) throw new CoreError('unauthenticated')
    return undefined
  }
  if (!(await parts.isSetUp())) throw new CoreError('setup_required')
  const person = await parts.person(authorization)
  if (!holds(person.role, route.auth)) throw new CoreError('forbidden', { permission: route.auth })
  return person
}

/** The route's name picks both the request's and the command's type; the loop that mounts routes has lost that tie. */
function run(commands: AdminCommands, name: RouteName, request: unknown): Promise<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed by the schemas of this very route
  const command = commands[name] as (request: AdminRequest<RouteName>) => Promise<unknown>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return command(request as AdminRequest<RouteName>)
}

/** Answers pass their schema too: what the contract does not name never leaves (VLT-32). */
function respond(route: Route, c: Ctx, result: unknown): Response {
  if (route.stream) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- streaming commands give text, by AdminCommand
    return streamText(result as AsyncIterable<string>, route.stream)
  }
  if (!route.response) return c.body(null, 204)
  c.header('content-type', 'application/json')
  return c.body(JSON.stringify(route.response.parse(result)), route.status === 201 ? 201 : 200)
}

function streamText(pieces: AsyncIterable<string>, mediaType: string): Response {
  const encoder = new TextEncoder()
  const body = ReadableStream.from(pieces).pipeThrough(
    new TransformStream<string, Uint8Array>({
      transform: (piece, controller) => controller.enqueue(encoder.encode(piece)),
    }),
  )
  const headers = {
    'content-type': mediaType,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  }
  return new Response(body, { headers })
}

function renderProblem(c: Ctx, error: unknown): Response {
  const problem = problemOf(error, c.get('requestId'))
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer'
  if (problem.status === 503) headers['retry-after'] = '1'
  const allowed = isCoreError(error, 'method_not_allowed') && error.facts['allowed']
  if (typeof allowed === 'string') headers['allow'] = allowed
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}

/** `not_found` would send whoever mistook a method looking for another address. */
function methodsByPath(): ReadonlyMap<string, string> {
  const all = Object.values<Route>(routes)
  return new Map(
    Object.entries(Object.groupBy(all, ({ path }) => path)).map(([path, found = []]) => [
      path,
      found.map(({ method }) => method).join(', '),
    ]),
  )
}

const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1')
