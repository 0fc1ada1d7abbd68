import { CoreError } from '../../ground/errors.ts'
import type { NewId } from '../../ground/ids.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Outlet } from '../../model/call.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import { wholeOf } from '../../protocol/splice.ts'
import type { Mcp, McpRequest, StreamRequest } from '../mcp.ts'
import type { Sealing } from '../seal.ts'
import { ownerOf } from './sessions.ts'
import type { Viewer } from '../lists/views.ts'

/** Where a connection of the older transport is written to. */
export type OlderOutlet = Outlet &
  Readonly<{
    /** It begins, and messages are to be sent under this id. */
    opened: (id: string) => void
  }>

/**
 * The transport of 2024-11-05: one stream that brings everything, and an address that takes everything (MCP-39). What
 * comes in goes the way of any other session's message.
 */
export type OlderTransport = Readonly<{
  /**
   * Resolves when the stream has ended.
   *
   * @throws CoreError `not_found` at a profile that does not serve it, `calls_limited`
   */
  open: (request: StreamRequest, outlet: OlderOutlet, closed: AbortSignal) => Promise<void>
  /**
   * Takes a message, whose answer comes on the stream.
   *
   * @throws CoreError `not_found`, `session_unknown`, also for a stream of someone else, `not_json`, `frame_invalid`
   */
  post: (request: McpRequest, id: string) => void
}>

export type OlderTransportDeps = Pick<Mcp, 'handle' | 'listen' | 'endSession'> &
  Sealing &
  Readonly<{ newId: NewId; timers: Pick<Timers, 'after'> }>

type Connection = {
  readonly owner: string
  readonly notify: Outlet['notify']
  readonly ending: AbortController
  /** Messages that are not answered yet. */
  readonly running: Set<Promise<void>>
  sessionId: string | undefined
}

const PER_OWNER_MAX = 8
/** A client that says nothing in this time is none. */
const HELLO_MS_MAX = 60_000

export function createOlderTransport(deps: OlderTransportDeps): OlderTransport {
  const live = new Map<string, Connection>()

  return {
    async open(request, { notify, opened }, closed) {
      const owner = ownerAt(request)
      refuseTooMany([...live.values()].filter((one) => one.owner === owner).length)
      const id = deps.seal('mcp-sse', JSON.stringify({ owner, nonce: deps.newId('sse') }))
      const ending = new AbortController()
      const running = new Set<Promise<void>>()
      const connection: Connection = { owner, notify, ending, running, sessionId: undefined }
      live.set(id, connection)
      try {
        opened(id)
        await over(deps, connection, closed)
      } finally {
        live.delete(id)
        void endSession(deps, connection, request)
      }
    },
    post(request, id) {
      const connection = live.get(id)
      if (connection?.owner !== ownerAt(request)) throw new CoreError('session_unknown')
      // What is no message is told so here; on the stream there is no request that it would answer.
      parseClientMessage(request.body)
      const answering = answer(deps, connection, request)
      connection.running.add(answering)
      void answering.finally(() => connection.running.delete(answering))
    },
  }
}

/** A stream belongs to one principal at one profile; its address alone opens nothing. */
function ownerAt({ principal, profile }: Viewer): string {
  if (!profile?.sse || profile.eras === 'modern') throw new CoreError('not_found')
  return JSON.stringify([ownerOf(principal), profile.name])
}

function refuseTooMany(open: number): void {
  if (open >= PER_OWNER_MAX) throw new CoreError('calls_limited', { callsMax: PER_OWNER_MAX })
}

async function answer(
  deps: OlderTransportDeps,
  connection: Connection,
  request: McpRequest,
): Promise<void> {
  const { notify, sessionId, ending } = connection
  const asked = inSession(request, sessionId)
  const reply = await deps.handle(asked, { notify }, ending.signal)
  const isBegun = sessionId === undefined && reply.sessionId !== undefined
  if (isBegun) connection.sessionId = reply.sessionId
  if (reply.body) notify(wholeOf(reply.body))
  if (isBegun) void listen(deps, connection, asked)
}

/** The later generation has no such streams, so what claims to be of it is refused. */
function inSession(request: McpRequest, sessionId: string | undefined): McpRequest {
  const { profile } = request
  return {
    ...request,
    ...(profile && { profile: { ...profile, eras: 'legacy' } }),
    headers: {
      ...request.headers,
      accept: 'application/json, text/event-stream',
      'mcp-session-id': sessionId,
    },
  }
}

/** What no request caused comes on the stream too, which ends with it: with its session, or the right to it. */
async function listen(
  { listen: listenTo }: OlderTransportDeps,
  { notify, sessionId, ending }: Connection,
  request: McpRequest,
): Promise<void> {
  const outlet = { notify, opened: () => undefined, prime: () => undefined }
  const headers = { 'mcp-session-id': sessionId }
  await listenTo({ ...request, headers }, outlet, ending.signal).catch(() => undefined)
  ending.abort()
}

async function over(
  { timers }: OlderTransportDeps,
  connection: Connection,
  closed: AbortSignal,
): Promise<void> {
  const { ending } = connection
  const end = (): void => ending.abort()
  using hello = timers.after(HELLO_MS_MAX, () => {
    if (connection.sessionId === undefined) end()
  })
  void hello
  closed.addEventListener('abort', end, { once: true })
  if (closed.aborted) end()
  const { promise, resolve } = Promise.withResolvers<void>()
  ending.signal.addEventListener('abort', () => resolve(), { once: true })
  if (ending.signal.aborted) resolve()
  await promise
}

/** Hanging up cancels nothing: what runs goes on, and its session ends after it (MCP-36). */
async function endSession(
  deps: OlderTransportDeps,
  { running, sessionId }: Connection,
  caller: StreamRequest,
): Promise<void> {
  await Promise.all(running)
  if (sessionId !== undefined) deps.endSession(caller, { 'mcp-session-id': sessionId })
}
