import type { z } from 'zod'

import type { PathParams } from './route.ts'
import type { RouteName, routes } from './routes.ts'

export type RouteOf<N extends RouteName> = (typeof routes)[N]

export type RouteParams<N extends RouteName> = PathParams<RouteOf<N>['path']>

/** As a caller writes it: members with a default may be left out. */
export type RouteBody<N extends RouteName> =
  RouteOf<N> extends { body: infer B extends z.ZodType } ? z.input<B> : undefined

export type RouteQuery<N extends RouteName> =
  RouteOf<N> extends { query: infer Q extends z.ZodType } ? z.input<Q> : undefined

export type RouteResponse<N extends RouteName> =
  RouteOf<N> extends { response: infer R extends z.ZodType } ? z.output<R> : undefined
