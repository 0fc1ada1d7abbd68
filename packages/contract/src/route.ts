import type { z } from 'zod'

import type { Permission } from './permissions.ts'

/** Where everything of one workspace lives. */
export const workspacePath = '/api/v1/workspaces/{workspace}'

/**
 * Who may call: nobody in particular (`none`, which a one-time secret in the body protects), whoever can read the
 * data directory (`host`), or a signed-in person whose role holds a permission. There is no default.
 */
export type RouteAuth = 'none' | 'host' | Permission

export type Route = Readonly<{
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Parameters as `{name}`. */
  path: string
  auth: RouteAuth
  summary: string
  query?: z.ZodType
  body?: z.ZodType
  /** Absent for streams, whose media type stands in `stream`. */
  response?: z.ZodType
  stream?: 'text/event-stream' | 'application/x-ndjson'
  status?: 200 | 201 | 204
}>

export type PathParams<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & PathParams<Rest>
  : unknown
