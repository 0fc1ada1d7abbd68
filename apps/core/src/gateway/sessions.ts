import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { RequestId } from '../model/frame.ts'
import type { Principal } from '../model/principal.ts'
import type { Answer, Ask } from '../model/question.ts'
import type { LegacyVersion } from '../protocol/rev-2025-11-25/version.ts'
import type { SessionClaims, SessionIds } from './session-ids.ts'
import type { Viewer } from './views.ts'

/** A legacy client's session: one small object, because thousands of them idle (H9). */
export type Session = SessionClaims & {
  readonly id: string
  /** Requests that are not answered yet; aborting one cancels it. */
  readonly open: Map<RequestId, AbortController>
  /** What servers asked and the client has not answered, by our id of each question. */
  readonly questions: Map<string, (answer: Answer) => void>
  /** Streams for what no request caused; each is open as long as its controller is not aborted. */
  readonly streams: Set<AbortController>
  usedAtMs: number
  logLevel: string | undefined
}

export type SessionStream = Disposable & Readonly<{ ended: AbortSignal }>

export type Sessions = Readonly<{
  /** `asks` is what the client declared that it can be asked for. */
  begin: (caller: Viewer, version: LegacyVersion, asks: readonly Ask[]) => Session
  /** @throws CoreError `session_unknown`, also for a session of someone else or at another profile */
  find: (caller: Viewer, id: string) => Session
  /**
   * An open stream keeps its session, and ends with it (MCP-33).
   *
   * @throws CoreError `method_not_allowed` where there is no such session (MCP-12)
   */
  openStream: (caller: Viewer, id: string) => SessionStream
  end: (caller: Viewer, id: string) => void
}>

const IDLE_MS = 30 * 60_000
const LIFE_MS = 24 * 3_600_000
const PER_PRINCIPAL_MAX = 50
/** Ended ids stay refused until they would have expired; beyond this many the oldest are forgotten. */
const ENDED_MAX = 100_000

/** Sessions never authenticate: each request brings its bearer, and both must belong together (IDN-37). */
export function createSessions(clock: Pick<Clock, 'nowMs'>, ids: SessionIds): Sessions {
  const live = new Map<string, Map<string, Session>>()
  const ended = new Set<string>()

  function keep(session: Session): Session {
    const own = live.get(session.owner) ?? new Map<string, Session>()
    for (const other of own.values()) if (isExpired(other, clock.nowMs())) drop(other)
    if (own.size >= PER_PRINCIPAL_MAX) drop(leastUsed([...own.values()]))
    own.set(session.id, session)
    live.set(session.owner, own)
    return session
  }

  function drop({ id, owner, open: requests, streams }: Session): void {
    for (const open of [...requests.values(), ...streams]) open.abort()
    const own = live.get(owner)
    own?.delete(id)
    if (own?.size === 0) live.delete(owner)
    const [oldest] = ended
    if (ended.size >= ENDED_MAX && oldest !== undefined) ended.delete(oldest)
    ended.add(id)
  }

  function find({ principal, profile }: Viewer, id: string): Session {
    const owner = ownerOf(principal)
    const known = live.get(owner)?.get(id)
    const session = known ?? reopen(id)
    const isOwn = session?.owner === owner && session.profile === (profile?.name ?? '')
    if (!session || !isOwn) throw new CoreError('session_unknown')
    if (isExpired(session, clock.nowMs())) {
      if (known) drop(known)
      throw new CoreError('session_unknown')
    }
    session.usedAtMs = clock.nowMs()
    return known ?? keep(session)
  }

  /** After a restart, or on another replica, the sealed id is all there is. */
  function reopen(id: string): Session | undefined {
    const claims = ended.has(id) ? undefined : ids.read(id)
    return claims && sessionOf(id, claims, clock.nowMs())
  }

  return {
    begin({ principal, profile }, version, asks) {
      const nowMs = clock.nowMs()
      const place = { owner: ownerOf(principal), profile: profile?.name ?? '' }
      const expiresAtMs = nowMs + LIFE_MS
      const claims = { ...place, version, asks: [...asks], expiresAtMs }
      return keep(sessionOf(ids.make(claims), claims, nowMs))
    },
    find,
    openStream: (caller, id) => streamOf(() => find(caller, id), clock),
    end: (caller, id) => drop(find(caller, id)),
  }
}

function streamOf(find: () => Session, clock: Pick<Clock, 'nowMs'>): SessionStream {
  const session = toStream(find)
  const controller = new AbortController()
  session.streams.add(controller)
  return {
    ended: controller.signal,
    [Symbol.dispose]() {
      session.streams.delete(controller)
      session.usedAtMs = clock.nowMs()
    },
  }
}

function toStream(find: () => Session): Session {
  try {
    return find()
  } catch {
    throw new CoreError('method_not_allowed', { allowed: 'POST' })
  }
}

const sessionOf = (id: string, claims: SessionClaims, usedAtMs: number): Session => ({
  ...claims,
  id,
  open: new Map(),
  questions: new Map(),
  streams: new Set(),
  usedAtMs,
  logLevel: undefined,
})

/** An open request is activity (MCP-33). */
function isExpired(session: Session, nowMs: number): boolean {
  const isQuiet = session.open.size === 0 && session.streams.size === 0
  const isIdle = isQuiet && session.usedAtMs + IDLE_MS <= nowMs
  return isIdle || session.expiresAtMs <= nowMs
}

/** Workspace, agent, client and person: a session serves no other combination (MCP-31). */
export const ownerOf = ({ workspaceId, agent, user }: Principal): string =>
  JSON.stringify([workspaceId, agent.id, agent.client, user?.id ?? ''])

function leastUsed(sessions: readonly Session[]): Session {
  const rank = (session: Session): number =>
    session.usedAtMs + (session.open.size > 0 ? LIFE_MS : 0)
  return sessions.reduce((least, other) => (rank(other) < rank(least) ? other : least))
}
