import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { RequestId } from '../../model/frame.ts'
import type { Principal } from '../../model/principal.ts'
import type { Answer } from '../../model/question.ts'
import type { LegacyVersion } from '../../protocol/rev-2025-11-25/version.ts'
import { createLiveSessions } from './live-sessions.ts'
import type { SessionClaims, SessionIds } from './session-ids.ts'
import { createSessionStreams, type SessionStream, type SessionStreams } from './session-streams.ts'
import type { Subscriber } from '../subscriptions/subscriptions.ts'
import type { Viewer } from '../lists/views.ts'

/** A legacy client's session: one small object, because thousands of them idle (H9). */
export type Session = SessionClaims & {
  readonly id: string
  /** Requests that are not answered yet; aborting one cancels it. */
  readonly open: Map<RequestId, AbortController>
  /** What servers asked and the client has not answered, by our id of each question. */
  readonly questions: Map<string, (answer: Answer) => void>
  /** Absent until its client opened one. */
  streams: SessionStreams | undefined
  /** Who the credential of its last request lets in now; only where something is told between requests. */
  viewer: (() => Viewer | undefined) | undefined
  /** What its client was last told the lists to be (MCP-127). */
  toldGeneration: string | undefined
  /** Once it has subscribed to a resource. */
  subscriber: Subscriber | undefined
  /** Absent until a call of it, and again once its client says that its roots changed (MCP-38). */
  rootsMark: object | undefined
  usedAtMs: number
  logLevel: string | undefined
}

/** What a client declared: what it can be asked for, and whether it shows apps. */
export type Offers = Pick<SessionClaims, 'asks' | 'showsApps'>

export type Sessions = Readonly<{
  begin: (caller: Viewer, version: LegacyVersion, offers: Offers) => Session
  /** @throws CoreError `session_unknown`, also for a session of someone else or at another profile */
  find: (caller: Viewer, id: string) => Session
  /** @throws CoreError `method_not_allowed` where there is no such session (MCP-12) */
  findForStream: (caller: Viewer, id: string) => Session
  /** An open stream keeps its session, and ends with it (MCP-33). */
  openStream: (session: Session, stream: SessionStream) => Disposable
  end: (caller: Viewer, id: string) => void
  /** Ends what expired; called now and then. */
  sweep: () => void
}>

const IDLE_MS = 30 * 60_000
const LIFE_MS = 24 * 3_600_000
const PER_PRINCIPAL_MAX = 50
const ENDED_MAX = 100_000

/** Sessions never authenticate: each request brings its bearer, and both must belong together (IDN-37). */
export function createSessions(clock: Pick<Clock, 'nowMs'>, ids: SessionIds): Sessions {
  const live = createLiveSessions()
  const ended = createEndedIds()

  function keep(session: Session): Session {
    const own = live.of(session.owner)
    dropExpired([...own.values()])
    if (own.size >= PER_PRINCIPAL_MAX) drop(leastUsed([...own.values()]))
    return live.add(session)
  }

  function dropExpired(sessions: readonly Session[]): void {
    for (const session of sessions) if (isExpired(session, clock.nowMs())) drop(session)
  }

  function drop(session: Session): void {
    endAll(session)
    live.delete(session)
    ended.add(session.id)
  }

  function find(caller: Viewer, id: string): Session {
    const { owner, profile } = placeOf(caller)
    const known = live.of(owner).get(id)
    const session = known ?? reopen(id)
    const isOwn = session?.owner === owner && session.profile === profile
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
    begin(caller, version, offers) {
      const nowMs = clock.nowMs()
      const claims = { ...placeOf(caller), version, ...offers, expiresAtMs: nowMs + LIFE_MS }
      return keep(sessionOf(ids.make(claims), claims, nowMs))
    },
    find,
    findForStream: (caller, id) => findForStream(() => find(caller, id)),
    openStream(session, stream) {
      session.streams ??= createSessionStreams(() => void (session.usedAtMs = clock.nowMs()))
      return session.streams.open(stream)
    },
    end: (caller, id) => drop(find(caller, id)),
    sweep: () => dropExpired(live.all()),
  }
}

/** Ended ids stay refused until they would have expired; when there are too many the oldest are forgotten. */
function createEndedIds(): Pick<Set<string>, 'add' | 'has'> {
  const ids = new Set<string>()
  return {
    has: (id) => ids.has(id),
    add(id) {
      const [oldest] = ids
      if (ids.size >= ENDED_MAX && oldest !== undefined) ids.delete(oldest)
      return ids.add(id)
    },
  }
}

function findForStream(find: () => Session): Session {
  try {
    return find()
  } catch {
    throw new CoreError('method_not_allowed', { allowed: 'POST' })
  }
}

function endAll({ open: requests, streams, subscriber }: Session): void {
  for (const request of requests.values()) request.abort()
  streams?.end()
  subscriber?.end()
}

const sessionOf = (id: string, claims: SessionClaims, usedAtMs: number): Session => ({
  ...claims,
  id,
  open: new Map(),
  questions: new Map(),
  streams: undefined,
  viewer: undefined,
  toldGeneration: undefined,
  subscriber: undefined,
  rootsMark: undefined,
  usedAtMs,
  logLevel: undefined,
})

/** An open request is activity (MCP-33). */
function isExpired(session: Session, nowMs: number): boolean {
  const isQuiet = session.open.size === 0 && (session.streams?.size() ?? 0) === 0
  const isIdle = isQuiet && session.usedAtMs + IDLE_MS <= nowMs
  return isIdle || session.expiresAtMs <= nowMs
}

const placeOf = ({ principal, profile }: Viewer): Pick<Session, 'owner' | 'profile'> => ({
  owner: ownerOf(principal),
  profile: profile?.name ?? '',
})

/** Workspace, agent, client and person: a session serves no other combination (MCP-31). */
export function ownerOf(principal: Principal): string {
  const known = owners.get(principal)
  if (known !== undefined) return known
  const { workspaceId, agent, user } = principal
  const owner = JSON.stringify([workspaceId, agent.id, agent.client, user?.id ?? ''])
  owners.set(principal, owner)
  return owner
}

/** Written once for a principal, which is looked for at every request. */
const owners = new WeakMap<Principal, string>()

function leastUsed(sessions: readonly Session[]): Session {
  const rank = (session: Session): number =>
    session.usedAtMs + (session.open.size > 0 ? LIFE_MS : 0)
  return sessions.reduce((least, other) => (rank(other) < rank(least) ? other : least))
}
