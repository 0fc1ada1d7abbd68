import {
  routes,
  type Route,
  type RouteBody,
  type RouteName,
  type RouteParams,
  type RouteQuery,
  type RouteResponse,
} from '@peta/contract'

import { PetaError } from './peta-error.ts'

/** `token` is a person's session token; agents have no use for this API. */
export type PetaOptions = Readonly<{
  url: string
  token?: string
  /** Proof of access to the host, for `links.create` alone. */
  hostKey?: string
  fetch?: typeof fetch
  signal?: AbortSignal
}>

/** Left out where a route has none, or needs none. */
export type CallInput<N extends RouteName> = Readonly<
  Given<'params', RouteParams<N>> & Given<'query', RouteQuery<N>> & Given<'body', RouteBody<N>>
>

type Given<K extends string, T> = T extends undefined
  ? unknown
  : Record<string, never> extends T
    ? { readonly [P in K]?: T }
    : { readonly [P in K]: T }

const NO_CONTENT = 204

export type Peta = Readonly<{
  /** @throws PetaError with the problem's code, or `unreachable` */
  call: <N extends RouteName>(name: N, input: CallInput<N>) => Promise<RouteResponse<N>>
  /** The raw answer of a streaming route. @throws PetaError */
  stream: <N extends RouteName>(name: N, input: CallInput<N>) => Promise<Response>
}>

/**
 * A typed client of the admin API; every route of the contract by its name.
 *
 * @throws PetaError `unusable` when `url` is no address
 */
export function createPeta(options: PetaOptions): Peta {
  if (!URL.canParse(options.url) || !/^https?:$/.test(new URL(options.url).protocol)) {
    throw PetaError.unusable(
      `"${options.url}" is no address of Peta`,
      'Give one such as http://127.0.0.1:7382',
    )
  }
  async function request(name: RouteName, input: LooseInput): Promise<Response> {
    const route: Route = routes[name]
    const response = await send(options, route, input)
    if (!response.ok) throw await PetaError.fromResponse(response, options.url)
    return response
  }
  return {
    async call<N extends RouteName>(name: N, input: CallInput<N>) {
      const response = await request(name, input)
      const route: Route = routes[name]
      const answer = await read(route, response, options.url)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of this very route has checked it
      return answer as RouteResponse<N>
    },
    async stream(name, input) {
      const response = await request(name, input)
      const route: Route = routes[name]
      if (route.stream && isOfType(response, route.stream)) return response
      await response.body?.cancel()
      throw PetaError.unreadable(options.url, response.status)
    },
  }
}

const isOfType = (response: Response, type: string): boolean =>
  response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === type

/** What has no answer says so by its status; any other success is a stranger's. */
async function read(route: Route, response: Response, url: string): Promise<unknown> {
  if (!route.response && response.status === NO_CONTENT) return undefined
  try {
    if (route.response) return route.response.parse(await response.json())
  } catch (cause) {
    throw PetaError.unreadable(url, response.status, cause)
  }
  await response.body?.cancel()
  throw PetaError.unreadable(url, response.status)
}

type LooseInput = Readonly<{
  params?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, string | number | undefined>>
  body?: unknown
}>

async function send(options: PetaOptions, route: Route, input: LooseInput): Promise<Response> {
  const init: RequestInit = {
    method: route.method,
    headers: headersOf(options, route),
    redirect: 'error',
    ...(route.body && { body: JSON.stringify(input.body ?? {}) }),
    ...(options.signal && { signal: options.signal }),
  }
  try {
    return await (options.fetch ?? fetch)(addressOf(options, route, input), init)
  } catch (cause) {
    throw PetaError.unreachable(options.url, cause)
  }
}

function headersOf({ token, hostKey }: PetaOptions, route: Route): Headers {
  const headers = new Headers({ accept: route.stream ?? 'application/json' })
  if (token) headers.set('authorization', `Bearer ${token}`)
  if (hostKey) headers.set('authorization', `PetaHost ${hostKey}`)
  if (route.body) headers.set('content-type', 'application/json')
  return headers
}

function addressOf({ url }: PetaOptions, route: Route, { params, query }: LooseInput): URL {
  const address = new URL(fillPath(route.path, params ?? {}), url)
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) address.searchParams.set(name, String(value))
  }
  return address
}

function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? ''
    // An address gives these a meaning of its own, however they are written.
    if (['', '.', '..'].includes(value)) {
      throw PetaError.unusable(`"${value}" names nothing`, `Give a valid ${name}`)
    }
    return encodeURIComponent(value)
  })
}
