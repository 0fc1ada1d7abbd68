import type { IncomingMessage, ServerResponse } from 'node:http'

import { CoreError } from '../ground/errors.ts'
import type { OlderTransport } from '../gateway/sessions/older-transport.ts'
import { accepts } from '../protocol/headers.ts'
import { credentialInUrl } from './credential-in-url.ts'
import { abortOnClose, type Identify, lateViewer, readMessage, reply } from './mcp-request.ts'
import type { McpStream, McpStreams } from './mcp-stream.ts'
import { sseIdIn, ssePath } from './well-known.ts'

export type SseDeps = Readonly<{
  mcp: Readonly<{ older: OlderTransport }>
  identify: Identify
  refuseInUrl: (credential: string) => Promise<never>
}>

export type SseExchange = Readonly<{
  request: IncomingMessage
  response: ServerResponse
  profile: string
}>

/** The transport of 2024-11-05: a stream to read, which says first where to write. Both ask for the bearer (MCP-39). */
export async function serveSse(
  deps: SseDeps,
  streams: McpStreams,
  { request, response, profile }: SseExchange,
): Promise<void> {
  const leaked = credentialInUrl(request.url)
  if (leaked !== undefined) await deps.refuseInUrl(leaked)
  const { headers, method, socket, url } = request
  const caller = deps.identify(headers.authorization, profile)
  const viewer = lateViewer(deps, headers.authorization, profile)
  if (method === 'GET' && accepts(headers, 'text/event-stream')) {
    const open = (): McpStream => streams.open(response)
    await stream(deps.mcp.older, { ...caller, headers, viewer }, { open, response, profile })
    return
  }
  if (method !== 'POST') throw new CoreError('method_not_allowed', { allowed: 'GET, POST' })
  const body = await readMessage(request)
  const clientIp = socket.remoteAddress ?? ''
  deps.mcp.older.post({ ...caller, body, headers, clientIp, viewer }, sseIdIn(url))
  reply(response, { status: 202 })
}

type Streaming = Readonly<{ open: () => McpStream; response: ServerResponse; profile: string }>

async function stream(
  older: OlderTransport,
  request: Parameters<OlderTransport['open']>[0],
  { open, response, profile }: Streaming,
): Promise<void> {
  let opened: McpStream | undefined
  const outlet = {
    opened(id: string): void {
      opened = open()
      opened.event('endpoint', Buffer.from(ssePath(profile, id)))
    },
    notify: (frame: Buffer): void => opened?.event('message', frame),
  }
  await older.open(request, outlet, abortOnClose(response))
  opened?.end()
}
