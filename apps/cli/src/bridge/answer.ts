import type { IncomingMessage } from 'node:http'

import { failureOf, failures, refusalFor } from './failures.ts'
import { encodeError, isAnswerTo, type Message, type MessageId } from './message.ts'
import { bodyOf, isSuccess, messagesOf } from './reply.ts'
import { sessionOf } from './legacy-session.ts'
import type { Upstream } from './upstream.ts'
import type { WriteLine } from './write-lines.ts'

export type AnswerDeps = Readonly<{
  writeLine: WriteLine
  upstream: Pick<Upstream, 'begin'>
  address: URL
  /** To the person, never to the client. */
  say: (text: string) => void
}>

/** A request, and the id that its answer must have. */
type Request = Readonly<{ message: Message; id: MessageId }>

/** Writes what Core answered. Every request gets an answer under its own id, whatever became of it. */
export async function answer(
  deps: AnswerDeps,
  message: Message,
  response: IncomingMessage,
): Promise<void> {
  const { kind, id } = message
  if (kind !== 'request' || id === undefined) return acknowledge(deps, message, response)
  if (isSuccess(response)) return relay(deps, { message, id }, response)
  const body = await bodyOf(response)
  await deps.writeLine(isAnswerTo(body, id) ? body : refusalFor(id, response, body))
}

async function relay(deps: AnswerDeps, request: Request, response: IncomingMessage): Promise<void> {
  const { message, id } = request
  let last: Buffer | undefined
  let isBroken = false
  try {
    for await (const line of messagesOf(response)) {
      if (message.method === 'initialize') begin(deps, request, response, line)
      await deps.writeLine(line)
      last = line
    }
  } catch {
    isBroken = true
  }
  if (last && isAnswerTo(last, id)) return
  // An empty success is how Core ends a legacy request that was cancelled.
  if (isBroken || last) throw new BrokenError()
}

/** The connection ended before the answer came. */
class BrokenError extends Error {
  override readonly name = 'BrokenError'
}

function begin(
  { upstream }: AnswerDeps,
  { message, id }: Request,
  response: IncomingMessage,
  line: Buffer,
): void {
  const session = isAnswerTo(line, id) ? sessionOf(response, line, message.bytes) : undefined
  if (session && message.modernVersion === undefined) upstream.begin(session)
}

/** What expects no answer gets none; only what Core cannot read as a message is told so. */
async function acknowledge(
  { say, writeLine }: AnswerDeps,
  { kind }: Message,
  response: IncomingMessage,
): Promise<void> {
  const body = await bodyOf(response)
  if (kind === 'other' && body.length > 0) return writeLine(body)
  if (!isSuccess(response)) say(`Peta refused a ${kind}: HTTP status ${response.statusCode}.`)
}

/** Why there is no answer: to the client under the request's id, and to the person. */
export async function reportFailure(
  { writeLine, say, address }: AnswerDeps,
  { kind, id }: Message,
  error: unknown,
): Promise<void> {
  const failure = error instanceof BrokenError ? failures.broken : failureOf(error, address)
  say(failure.message)
  if (kind === 'request' || kind === 'other') await writeLine(encodeError(id ?? null, failure))
}
