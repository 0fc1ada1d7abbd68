import type { IncomingMessage } from 'node:http'

import { failureOf, failures, refusalFor } from './failures.ts'
import { encodeError, isAnswerTo, type Message, type MessageId } from './message.ts'
import { bodyOf, eventsOf, isStream, isSuccess } from './reply.ts'
import { sessionOf } from './legacy-session.ts'
import type { Upstream } from './upstream.ts'
import type { WriteLine } from './write-lines.ts'

export type AnswerDeps = Readonly<{
  writeLine: WriteLine
  upstream: Pick<Upstream, 'begin' | 'learn' | 'listen'>
  /** Before a stream is taken up again. */
  pause: (signal: AbortSignal) => Promise<void>
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
  signal: AbortSignal,
): Promise<void> {
  const { kind, id } = message
  if (kind !== 'request' || id === undefined) return acknowledge(deps, message, response)
  if (isSuccess(response)) return relay(deps, { message, id }, response, signal)
  const body = await bodyOf(response)
  await deps.writeLine(isAnswerTo(body, id) ? body : refusalFor(id, response, body))
}

/** A stream that ends before the answer is taken up where it ended, if it said where that is (MCP-36). */
async function relay(
  deps: AnswerDeps,
  request: Request,
  response: IncomingMessage,
  signal: AbortSignal,
): Promise<void> {
  let from: IncomingMessage | undefined = response
  let lastEventId: string | undefined
  let isAnything = false
  while (from) {
    const read = await relayOnce(deps, request, from)
    if (read.isAnswered) return
    isAnything ||= read.isBroken || read.isAnything
    lastEventId = read.lastEventId ?? lastEventId
    from = lastEventId === undefined ? undefined : await resume(deps, lastEventId, signal)
  }
  // An empty success is how Core ends a legacy request that was cancelled.
  if (isAnything) throw new BrokenError()
}

type Read = Readonly<{
  isAnswered: boolean
  isAnything: boolean
  isBroken: boolean
  lastEventId: string | undefined
}>

async function relayOnce(
  deps: AnswerDeps,
  request: Request,
  response: IncomingMessage,
): Promise<Read> {
  let last: Buffer | undefined
  let lastEventId: string | undefined
  let isBroken = false
  try {
    for await (const { data, id } of eventsOf(response)) {
      lastEventId = id ?? lastEventId
      if (data.length === 0) continue
      if (request.message.method === 'initialize') begin(deps, request, response, data)
      if (request.message.method === 'tools/list') deps.upstream.learn(data)
      await deps.writeLine(data)
      last = data
    }
  } catch {
    isBroken = true
  }
  const isAnswered = last !== undefined && isAnswerTo(last, request.id)
  return { isAnswered, isAnything: last !== undefined, isBroken, lastEventId }
}

/** Core may be gone for a moment; undefined when it is gone for longer, or knows the stream no more. */
async function resume(
  { upstream, pause }: AnswerDeps,
  lastEventId: string,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  for (let tries = 0; tries < RESUMES_MAX && !signal.aborted; tries += 1) {
    await pause(signal)
    const response = await upstream.listen(signal, lastEventId).catch(() => undefined)
    if (response && isSuccess(response) && isStream(response)) return response
    response?.resume()
    if (response) return undefined
  }
  return undefined
}

const RESUMES_MAX = 5

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
