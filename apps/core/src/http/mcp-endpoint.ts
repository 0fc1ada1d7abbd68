import type { IncomingMessage, ServerResponse } from 'node:http'

import { isAborted } from '../ground/abort.ts'
import type { Clock } from '../ground/clock.ts'
import { CoreError, isCoreError } from '../ground/errors.ts'
import type { Principal } from '../model/principal.ts'
import type { Mcp, StreamRequest } from '../gateway/mcp.ts'
import { type McpReply, renderFailure } from '../gateway/outcome.ts'
import { accepts } from '../protocol/headers.ts'
import { wholeOf } from '../protocol/splice.ts'
import { challenge } from './challenge.ts'
import { credentialInUrl } from './credential-in-url.ts'
import { createMcpStreams, type McpStream, type McpStreams } from './mcp-stream.ts'
import { abortOnClose, type Identify, lateViewer, readMessage, reply } from './mcp-request.ts'
import { serveSse } from './sse-endpoint.ts'
import type { Place } from './well-known.ts'

export type McpEndpointDeps = Readonly<{
  mcp: Mcp
  identify: Identify
  /** Ends a genuine credential that came in an address, where logs keep it. @throws CoreError `credential_in_url` */
  refuseInUrl: (credential: string) => Promise<never>
  /** Address of the resource metadata, for clients that have no token yet. */
  resourceMetadataUrl: (profile: string | undefined) => string
  /** The reply to an approved call left in full; before that it may be given again (APR-43). */
  onDelivered?: (principal: Principal, approvalId: string) => void
  clock: Pick<Clock, 'nowMs'>
}>

/** `profile` is the name that the path has; none is everything. */
export type McpPlace = Pick<Place, 'profile' | 'isSse'>

export type McpEndpoint = Readonly<{
  handle: (request: IncomingMessage, response: ServerResponse, at: McpPlace) => void
  tick: () => void
  /** Ends what would go on for as long as its client likes. */
  stop: () => Promise<void>
}>

/** `/mcp` and the profiles below it over plain node:http: one function from socket to reply, without a framework (H1). */
export function createMcpEndpoint(deps: McpEndpointDeps): McpEndpoint {
  const streams = createMcpStreams(deps.clock)

  /** Each check comes before whatever costs more than it does; the first failure answers (MCP-10). */
  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    profile: string | undefined,
  ): Promise<void> {
    const leaked = credentialInUrl(request.url)
    if (leaked !== undefined) await deps.refuseInUrl(leaked)
    const caller = deps.identify(request.headers.authorization, profile)
    const { headers } = request
    if (request.method === 'DELETE') {
      return reply(response, deps.mcp.endSession(caller, headers))
    }
    const viewer = lateViewer(deps, headers.authorization, profile)
    if (request.method === 'GET' && accepts(headers, 'text/event-stream')) {
      return listen(deps, streams, response, { ...caller, headers, viewer })
    }
    if (request.method !== 'POST') throw new CoreError('method_not_allowed', { allowed: 'POST' })
    const body = await readMessage(request)

    const { outlet, opened } = outletOf(streams, request, response)
    const { remoteAddress: clientIp = '' } = request.socket
    const closed = abortOnClose(response)
    const result = await deps.mcp.handle(
      { ...caller, body, headers, clientIp, viewer },
      outlet,
      closed,
    )
    if (response.destroyed || response.writableEnded) return
    markDelivered(result, response, (id) => deps.onDelivered?.(caller.principal, id))
    const stream = opened()
    if (stream) stream.end(result.body && wholeOf(result.body), result.eventId)
    else reply(response, result)
  }

  return {
    handle(request, response, { profile, isSse = false }) {
      const serving =
        isSse && profile !== undefined
          ? serveSse(deps, streams, { request, response, profile })
          : answer(request, response, profile)
      serving.catch((error: unknown) => {
        if (isAborted(error) || response.headersSent) response.destroy()
        else refuse(request, response, { error, metadataUrl: deps.resourceMetadataUrl(profile) })
      })
    },
    tick: streams.tick,
    stop: deps.mcp.stop,
  }
}

/** The stream of a legacy session; it begins as soon as somebody may listen (MCP-12). */
// oxlint-disable-next-line max-params -- private: what listens, and where it goes
async function listen(
  { mcp }: Pick<McpEndpointDeps, 'mcp'>,
  streams: McpStreams,
  response: ServerResponse,
  request: StreamRequest,
): Promise<void> {
  const stream: { open?: McpStream } = {}
  const outlet = {
    opened: (): void => void (stream.open = streams.open(response)),
    notify: (frame: Buffer, eventId?: string): void => stream.open?.send(frame, eventId),
    prime: (eventId: string): void => stream.open?.prime(eventId),
  }
  await mcp.listen(request, outlet, abortOnClose(response))
  stream.open?.end()
}

function markDelivered(
  { approvalIds = [] }: McpReply,
  response: ServerResponse,
  mark: (approvalId: string) => void,
): void {
  if (approvalIds.length > 0) response.on('finish', () => approvalIds.forEach(mark))
}

/** An answer becomes a stream with the first frame before it, where its client takes one (MCP-26). */
function outletOf(streams: McpStreams, request: IncomingMessage, response: ServerResponse) {
  let stream: McpStream | undefined
  const open = (): McpStream => (stream ??= streams.open(response))
  const outlet = {
    notify(frame: Buffer, eventId?: string): void {
      if (accepts(request.headers, 'text/event-stream')) open().send(frame, eventId)
    },
    prime: (eventId: string): void => open().prime(eventId),
    end: (): void => stream?.end(),
  }
  return { outlet, opened: () => stream }
}

type Refusal = Readonly<{ error: unknown; metadataUrl: string }>

/** Answers what never became a message; the connection is not kept when its body was not read. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { error, metadataUrl }: Refusal,
): void {
  const { authorization } = request.headers
  const bearer = challenge(error, authorization !== undefined, metadataUrl)
  if (bearer !== undefined) response.setHeader('WWW-Authenticate', bearer)
  if (isCoreError(error, 'method_not_allowed')) response.setHeader('Allow', 'POST')
  if (!request.complete) response.setHeader('Connection', 'close')
  reply(response, renderFailure(error))
}
