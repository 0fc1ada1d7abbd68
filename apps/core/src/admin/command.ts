import type { RouteName, RouteOf, RouteParams, RouteResponse } from '@peta/contract'
import type { z } from 'zod'

import type { Person } from '../model/principal.ts'

/** What an admin command receives: parsed and checked, by a person whose role holds the route's permission. */
export type AdminRequest<N extends RouteName> = Readonly<{
  person: PersonOf<N>
  params: RouteParams<N>
  query: Parsed<N, 'query'>
  body: Parsed<N, 'body'>
  requestId: string
  clientIp: string
  /** Where a watcher of events left off. */
  lastEventId: string | undefined
  signal: AbortSignal
}>

/** Routes that anyone may reach have no person; every other has one, by type. */
type PersonOf<N extends RouteName> = RouteOf<N>['auth'] extends 'none' | 'host' ? undefined : Person

type Parsed<N extends RouteName, Part extends 'query' | 'body'> =
  RouteOf<N> extends Record<Part, infer S extends z.ZodType> ? z.output<S> : undefined

/** A streaming route gives its pieces of text one by one. */
type Answer<N extends RouteName> =
  RouteOf<N> extends { stream: string } ? AsyncIterable<string> : RouteResponse<N>

export type AdminCommand<N extends RouteName> = (request: AdminRequest<N>) => Promise<Answer<N>>

/** One command for every route of the contract; a missing one does not compile. */
export type AdminCommands = { readonly [N in RouteName]: AdminCommand<N> }
