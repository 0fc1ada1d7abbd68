import type { Outlet } from '../../model/call.ts'
import { encodeNotice } from '../../protocol/encode-notice.ts'
import { header } from '../../protocol/headers.ts'
import { isResumable, takesPriming } from '../../protocol/rev-2025-11-25/version.ts'
import { changedMethod } from '../subscriptions/answer-listen.ts'
import { type Found, type KeptEvents, PRIMING, type Reader } from './kept-events.ts'
import { listNames, type Listens } from '../subscriptions/listens.ts'
import type { StreamRequest } from '../mcp.ts'
import type { Session, Sessions } from './sessions.ts'

/** Where a stream goes; `opened` is called when it may begin. */
export type StreamOutlet = Outlet & Pick<Reader, 'prime'> & Readonly<{ opened: () => void }>

export type SessionStreamDeps = Readonly<{ sessions: Sessions; listens: Listens; kept: KeptEvents }>

/** One connection that reads a stream. `over` aborts when it is closed, its session ends, or another takes over. */
type Reading = Readonly<{ session: Session; reader: Reader; over: AbortSignal }>

/**
 * The stream of a legacy session for what no request caused (MCP-34), or the rest of any of its streams that broke
 * (MCP-35). Resolves when it has ended.
 *
 * @throws CoreError `method_not_allowed` where there is no such session, `event_unknown`
 */
// oxlint-disable-next-line max-params -- what listens, where it goes, and how long
export async function streamInSession(
  deps: SessionStreamDeps,
  { headers, viewer, ...caller }: StreamRequest,
  outlet: StreamOutlet,
  closed: AbortSignal,
): Promise<void> {
  const session = deps.sessions.findForStream(caller, header(headers, 'mcp-session-id') ?? '')
  const ending = new AbortController()
  const end = (): void => ending.abort()
  closed.addEventListener('abort', end, { once: true })
  if (closed.aborted) end()
  const { notify, prime } = outlet
  const reading = { session, reader: { notify, prime, end }, over: ending.signal }
  const lastId = isResumable(session.version) ? header(headers, 'last-event-id') : undefined
  const found = lastId === undefined ? undefined : deps.kept.find(session.id, lastId)
  if (found && !found.stream.isOwn) return readRest(deps.kept, reading, { found, outlet })
  await listen(deps, reading, { found, outlet, viewer })
}

type Resuming = Readonly<{ found: Found; outlet: StreamOutlet }>

/** What a request's stream still brings. */
async function readRest(
  kept: KeptEvents,
  { reader, over }: Reading,
  { found, outlet }: Resuming,
): Promise<void> {
  outlet.opened()
  kept.resume(found, reader)
  if (!found.stream.isEnded) await aborted(over)
  kept.leave(found.stream, reader)
}

type Listened = Readonly<{
  found: Found | undefined
  outlet: StreamOutlet
  viewer: StreamRequest['viewer']
}>

async function listen(
  { sessions, listens, kept }: SessionStreamDeps,
  { session, reader, over }: Reading,
  { found, outlet, viewer }: Listened,
): Promise<void> {
  let stream = found?.stream
  function send(frame: Buffer): void {
    if (!isResumable(session.version)) return outlet.notify(frame)
    stream ??= kept.open(session.id, true, reader)
    kept.add(stream, frame)
  }

  const own = { notify: send, end: reader.end }
  using open = sessions.openStream(session, own)
  void open
  session.toldGeneration = await listens.listen({
    viewer,
    lists: listNames,
    since: session.toldGeneration,
    admitted() {
      outlet.opened()
      if (found) kept.resume(found, reader)
      session.subscriber?.flush()
    },
    changed(list) {
      if (session.streams?.newest() === own) send(encodeNotice(changedMethod(list)))
    },
    closed: over,
  })
  const isEndedByPeta = !over.aborted
  if (isEndedByPeta && takesPriming(session.version)) send(PRIMING)
  if (stream) kept.leave(stream, reader)
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
