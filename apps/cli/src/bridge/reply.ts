import type { IncomingMessage } from 'node:http'

import { readEvents, type ServerEvent } from './read-events.ts'

const OK_MAX = 299

export const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean =>
  statusCode >= 200 && statusCode <= OK_MAX

export const isStream = ({ headers }: IncomingMessage): boolean =>
  headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === 'text/event-stream'

/** The messages of an answer in their order, whichever way it comes: none, one, or a stream of them. */
export async function* eventsOf(
  response: IncomingMessage,
): AsyncGenerator<ServerEvent, void, undefined> {
  if (isStream(response)) {
    yield* readEvents(response)
    return
  }
  const body = await bodyOf(response)
  if (body.length > 0) yield { data: body }
}

export async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
