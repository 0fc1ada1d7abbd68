import { isRouteName, routes, type Route, type RouteBody, type RouteName } from '@peta/contract'

/** Ids of the right shape that nothing has. */
export const nobody = (prefix: string): string => `${prefix}_${'0'.repeat(31)}1`

type RouteWithBody = { [N in RouteName]: RouteBody<N> extends undefined ? never : N }[RouteName]

/** A valid body for every route that takes one; a route without its sample does not compile. */
const bodies: { readonly [N in RouteWithBody]: RouteBody<N> } = {
  'setup.complete': { link: 'x', email: 'bo@example.com', name: 'Bo', workspace: 'Other' },
  'links.create': {},
  'sessions.create': { link: 'x' },
  'groups.put': { members: [nobody('usr')] },
  'agents.create': { name: 'sample', ownership: 'user', labels: ['sample'] },
  'agents.change': { status: 'suspended', labels: ['sample'] },
  'tokens.issue': { lifeSeconds: 60, profile: 'sample' },
  'tokens.rotate': { lifeSeconds: 60, overlapSeconds: 0 },
  'servers.install': {
    slug: 'sample',
    title: 'Sample',
    labels: ['sample'],
    era: 'auto',
    launch: { kind: 'http', url: 'https://mcp.example.com/mcp', allowLoopback: false },
    inFlightMax: 1,
    idleStopMinutes: 1,
    connect: false,
  },
  'servers.change': { enabled: false },
  'servers.refresh': {},
  'items.accept': { items: [{ kind: 'tool', name: 'sample' }], labels: ['read'], risk: 1 },
  'items.reject': { items: [{ kind: 'tool', name: 'sample' }] },
  'profiles.create': {
    name: 'sample',
    title: 'Sample',
    servers: ['sample'],
    tools: ['sample/*'],
    unprefixed: 'sample',
    disclosure: 'search',
    favourites: ['sample/*'],
    overrides: [
      { tool: 'sample/read', title: 'Read', suffix: 'Sample.', pinned: { id: 1 }, keepSeconds: 5 },
    ],
    eras: 'any',
    appCalls: true,
    sse: true,
    instructions: 'Sample.',
    callsMax: 8,
  },
  'profiles.change': {
    title: 'Sample',
    servers: 'all',
    tools: 'all',
    unprefixed: null,
    disclosure: 'list',
    favourites: [],
    overrides: [],
    eras: 'modern',
    appCalls: false,
    sse: false,
    instructions: null,
    callsMax: null,
  },
  'secrets.create': {
    name: 'sample',
    kind: 'api_key',
    value: 'sample-value-1',
    allowShort: false,
    expiresAt: 4_000_000_000_000,
  },
  'secrets.put': { value: 'sample-value-2', allowShort: false, promote: true },
  'secrets.promote': { version: 1 },
  'secrets.bind': {
    binding: {
      serverId: nobody('srv'),
      target: 'header',
      name: 'X-Api-Key',
      prefix: 'Bearer ',
      hosts: ['mcp.example.com:443'],
      tools: ['*'],
    },
    value: 'sample-value-1',
  },
  'policy.check': { source: 'rules: []' },
  'policy.publish': { source: 'rules: []', base: 1, reason: 'Sample' },
  'policy.rollback': { base: 1, reason: 'Sample' },
  'policy.explain': { agentId: nobody('agt'), tool: 'sample__tool' },
  'approvals.vote': { vote: 'no', bind: 'x', reason: 'Sample', reasonFor: 'agent' },
  'approvals.revoke': { reason: 'Sample' },
  'approvals.withdraw': {},
  'approvals.resolve': { found: 'done', reason: 'Sample' },
  'audit.export': {},
}

/** What stands for each parameter of a path: of the right shape, and nothing's. */
const params: Readonly<Record<string, string>> = {
  agent: nobody('agt'),
  token: nobody('tok'),
  server: nobody('srv'),
  profile: 'sample',
  secret: nobody('sec'),
  binding: nobody('bnd'),
  approval: nobody('apr'),
  group: 'sample',
  version: '999999',
  other: '999998',
}

export type RouteSample = Readonly<{
  name: RouteName
  route: Route
  params: Readonly<Record<string, string>>
  body: Readonly<Record<string, unknown>> | undefined
}>

/** One valid request for every route, about things that are not there. */
export const routeSamples: readonly RouteSample[] = Object.keys(routes)
  .filter(isRouteName)
  .map((name) => {
    const route: Route = routes[name]
    const needed = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, param = '']) => param)
    const given = needed.filter((param) => param !== 'workspace')
    const body = Object.entries(bodies).find(([sampled]) => sampled === name)?.[1]
    return { name, route, body, params: Object.fromEntries(given.map((p) => [p, paramOf(p)])) }
  })

function paramOf(name: string): string {
  const value = params[name]
  if (value === undefined) throw new RangeError(`no sample for the parameter ${name}`)
  return value
}

/** The path of a sample, its parameters as given: already encoded, for they may be wrong on purpose. */
export const pathOf = (
  { route }: Pick<RouteSample, 'route'>,
  given: Readonly<Record<string, string>>,
): string => route.path.replace(/\{(\w+)\}/g, (_, name: string) => given[name] ?? '')
