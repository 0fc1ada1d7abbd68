import type { IncomingMessage, ServerResponse } from 'node:http'

import { CoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'
import type { McpReply } from '../gateway/outcome.ts'
import type { Viewer } from '../gateway/lists/views.ts'
import type { Message } from '../protocol/splice.ts'
import { readBody } from './read-body.ts'

/** From the `Authorization` header, and the profile that the path names. @throws CoreError `unauthenticated` */
export type Identify = (authorization: string | undefined, profile: string | undefined) => Viewer

/** A stream lasts no longer than the right to open it; nobody is told why it ended. */
export function lateViewer(
  { identify }: Readonly<{ identify: Identify }>,
  authorization: string | undefined,
  profile: string | undefined,
): () => Viewer | undefined {
  return () => {
    try {
      return identify(authorization, profile)
    } catch {
      return undefined
    }
  }
}

/** The body of a POST. @throws CoreError `body_too_large`, `unsupported_media_type` */
export async function readMessage(request: IncomingMessage): Promise<Buffer> {
  refuseLength(request)
  refuseType(request)
  return readBody(request, limits.requestBytesMax)
}

/** A promise to send too much is refused before any of it is read (H2). */
function refuseLength(request: IncomingMessage): void {
  if (Number(request.headers['content-length'] ?? 0) > limits.requestBytesMax) {
    throw new CoreError('body_too_large', { bytesMax: limits.requestBytesMax })
  }
}

/** Compressed bodies are refused too: their size says nothing (SEC-72). */
function refuseType(request: IncomingMessage): void {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1)
  const isJson = type.trim().toLowerCase() === 'application/json'
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (!isJson || encoding !== 'identity') throw new CoreError('unsupported_media_type')
}

/** Aborts when the client hangs up before it has its answer. */
export function abortOnClose(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}

/** Writes the answer to a request that has no stream. */
export function reply(
  response: ServerResponse,
  { status, body, sessionId, retryAfterS }: McpReply,
): void {
  const headers = ['Cache-Control', 'no-store']
  if (body) headers.push('Content-Type', 'application/json', 'Content-Length', lengthOf(body))
  else if (status !== 204) headers.push('Content-Length', '0')
  if (sessionId !== undefined) headers.push('Mcp-Session-Id', sessionId)
  if (retryAfterS !== undefined) headers.push('Retry-After', String(retryAfterS))
  response.writeHead(status, headers)
  sendWhole(response, body)
}

const lengthOf = (message: Message): string =>
  String(
    Buffer.isBuffer(message)
      ? message.length
      : message.reduce((sum, piece) => sum + piece.length, 0),
  )

/** Pieces leave together, in one system call. */
function sendWhole(response: ServerResponse, body: Message | undefined): void {
  if (body === undefined || Buffer.isBuffer(body)) {
    response.end(body)
    return
  }
  response.cork()
  for (const piece of body) response.write(piece)
  response.end()
}
