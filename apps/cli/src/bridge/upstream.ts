import type { IncomingMessage } from 'node:http'

import type { CoreLink } from './core-link.ts'
import { createLegacySession, type Session, sessionHeaders, sessionOf } from './legacy-session.ts'
import { createListedTools } from './listed-tools.ts'
import type { Message } from './message.ts'
import { modernHeaders } from './modern-headers.ts'
import { eventsOf } from './reply.ts'

/** The way to Core's MCP endpoint: what a message needs on it and does not say itself. */
export type Upstream = Readonly<{
  /** Sends one message; `onSent` is called once it has left. @throws as `CoreLink` does */
  send: (message: Message, signal: AbortSignal, onSent: () => void) => Promise<IncomingMessage>
  /** The stream of what belongs to no request, where Core offers it; or what is left of the one that has the event. */
  listen: (signal: AbortSignal, lastEventId?: string) => Promise<IncomingMessage>
  /** Keeps what the answer to `initialize` agreed on. */
  begin: (session: Session) => void
  /** Reads what a list of tools says of the headers of their calls. */
  learn: (answer: Buffer) => void
  end: () => Promise<void>
}>

type Rest = Readonly<{ signal: AbortSignal; onSent?: () => void }>
type Post = (
  body: Buffer,
  headers: Readonly<Record<string, string>>,
  rest?: Rest,
) => Promise<IncomingMessage>

const GONE = 404
const INITIALIZED = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}')
const common = {
  Accept: 'application/json, text/event-stream',
  'Content-Type': 'application/json',
}

export function createUpstream({ request }: Pick<CoreLink, 'request'>): Upstream {
  const session = createLegacySession()
  const tools = createListedTools()
  const post: Post = (body, headers, rest) =>
    request({ method: 'POST', headers: { ...common, ...headers }, body, ...rest })

  /** A client on a pipe cannot know that its session has ended, so the same words begin another. */
  async function sendInSession(body: Buffer, rest: Rest): Promise<IncomingMessage> {
    const used = session.current()
    const response = await post(body, sessionHeaders(used), rest)
    if (response.statusCode !== GONE || used?.id === undefined) return response
    const next = await session.replace(used, (gone) => reopen(post, gone))
    if (!next) return response
    response.resume()
    return post(body, sessionHeaders(next), rest)
  }

  return {
    send(message, signal, onSent) {
      const rest = { signal, onSent }
      if (message.modernVersion !== undefined) {
        const headers = { ...modernHeaders(message), ...tools.headersOf(message) }
        return post(message.bytes, headers, rest)
      }
      if (message.method === 'initialize') return post(message.bytes, {}, rest)
      return sendInSession(message.bytes, rest)
    },
    listen(signal, lastEventId) {
      const resume = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }
      const own = { Accept: 'text/event-stream', ...sessionHeaders(session.current()), ...resume }
      return request({ method: 'GET', headers: own, signal })
    },
    begin: session.begin,
    learn: tools.learn,
    async end() {
      const last = session.current()
      if (last?.id === undefined) return
      const ending = request({ method: 'DELETE', headers: sessionHeaders(last) })
      // Without this a session ends by itself, later.
      await ending.then((response) => response.resume()).catch(() => undefined)
    },
  }
}

async function reopen(post: Post, { hello }: Session): Promise<Session | undefined> {
  const response = await post(hello, {})
  let next: Session | undefined
  for await (const { data } of eventsOf(response)) {
    if (data.length > 0) next ??= sessionOf(response, data, hello)
  }
  if (!next) return undefined
  const accepted = await post(INITIALIZED, sessionHeaders(next))
  accepted.resume()
  return next
}
