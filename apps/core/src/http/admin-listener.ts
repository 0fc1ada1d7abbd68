import type { IncomingMessage, ServerResponse } from 'node:http'

import { getRequestListener } from '@hono/node-server'

import { problemOf } from './problem.ts'

type Fetch = (
  request: Request,
  bindings: { incoming: IncomingMessage },
) => Response | Promise<Response>

/** The admin app as handlers of the one port. */
export type AdminListener = Readonly<{
  fallback: (request: IncomingMessage, response: ServerResponse) => void
  refuseOther: (error: unknown, request: IncomingMessage, response: ServerResponse) => void
}>

export function createAdminListener(
  app: Readonly<{ fetch: Fetch }>,
  newId: (prefix: string) => string,
): AdminListener {
  const listener = getRequestListener(
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the HTTP/1 server passes no other bindings
    (request, bindings) => app.fetch(request, bindings as { incoming: IncomingMessage }),
    { overrideGlobalObjects: false },
  )
  return {
    fallback: (request, response) => void listener(request, response),
    refuseOther(error, _request, response) {
      const problem = problemOf(error, newId('req'))
      const headers = { 'content-type': 'application/problem+json', connection: 'close' }
      response.writeHead(problem.status, headers).end(JSON.stringify(problem))
    },
  }
}
