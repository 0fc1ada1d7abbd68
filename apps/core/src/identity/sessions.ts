import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import { newSessionToken, parseAgentToken, parseSessionToken } from './credential-text.ts'
import { hashOf, isHashOf, type Pepper } from './credentials.ts'
import type { Directory } from './directory.ts'
import type { DraftEvent } from './draft.ts'

const HOUR_MS = 3_600_000
export const SESSION_IDLE_MS = 8 * HOUR_MS
export const SESSION_LIFE_MS = 24 * HOUR_MS
/** A session's last use is written at most this often. */
const TOUCH_MS = 60_000

/** Shown once, in the answer that made it. */
export type SessionSecret = Readonly<{
  token: string
  expiresAtMs: number
  workspaceId: string
  userId: string
}>

/** A session about to be stored: its row, and the secret that goes to the person. */
export type NewSession = Readonly<{
  row: Readonly<{
    id: string
    userId: string
    hash: Uint8Array
    createdAtMs: number
    endsAtMs: number
  }>
  secret: SessionSecret
}>

export type Sessions = Readonly<{
  prepare: (workspaceId: string, userId: string) => NewSession
  /**
   * The person behind an Authorization header. An agent's token is never one (APR-50).
   *
   * @throws CoreError `unauthenticated`, `human_session_required`, `store_unavailable`, `vault_sealed`
   */
  person: (authorization: string | undefined) => Promise<Person>
  /** Whether a person's session still stands and gives the same role, for answers that go on for long (IDN-20). */
  isCurrent: (person: Person) => Promise<boolean>
  end: (person: Person) => Promise<void>
  /** Ends the session of a genuine session token, whoever shows it; anything else changes nothing. */
  endByToken: (token: string, reason: string) => Promise<void>
}>

export type SessionsParts = Readonly<{
  store: Pick<Store, 'command' | 'housekeep' | 'query'>
  directory: Pick<Directory, 'assertCurrent' | 'workspace'>
  pepper: Pepper
  draft: DraftEvent
  clock: Pick<Clock, 'nowMs'>
  newId: NewId
}>

export const createSessions = (parts: SessionsParts): Sessions => ({
  prepare: (workspaceId, userId) => prepare(parts, workspaceId, userId),
  person: (authorization) => identifyPerson(parts, authorization),
  isCurrent: (person) => isCurrent(parts, person),
  end: ({ workspaceId, userId, sessionId }) =>
    end(parts, { workspaceId, userId, id: sessionId }, 'sign_out'),
  async endByToken(token, reason) {
    const row = await genuine(parts, token)
    if (row)
      await end(parts, { workspaceId: row.workspace_id, userId: row.user_id, id: row.id }, reason)
  },
})

function prepare(
  { pepper, clock, newId }: SessionsParts,
  workspaceId: string,
  userId: string,
): NewSession {
  const id = newId('ses')
  const token = newSessionToken({ workspaceId, id })
  const nowMs = clock.nowMs()
  const endsAtMs = nowMs + SESSION_LIFE_MS
  return {
    row: { id, userId, hash: hashOf(pepper, token), createdAtMs: nowMs, endsAtMs },
    secret: { token, expiresAtMs: endsAtMs, workspaceId, userId },
  }
}

async function identifyPerson(
  parts: SessionsParts,
  authorization: string | undefined,
): Promise<Person> {
  const text = bearerOf(authorization)
  if (parseAgentToken(text) !== undefined) throw new CoreError('human_session_required')
  parts.directory.assertCurrent()
  const row = await genuine(parts, text)
  const nowMs = parts.clock.nowMs()
  if (!row || !stands(row, nowMs)) throw unauthenticated()
  const workspace = parts.directory.workspace(row.workspace_id)
  const user = workspace.user(row.user_id)
  if (user?.status !== 'active') throw unauthenticated()
  if (nowMs - row.seen_at >= TOUCH_MS) {
    const touch = { workspaceId: row.workspace_id, id: row.id, atMs: nowMs }
    await parts.store.housekeep('identity.touchSession', touch)
  }
  return {
    workspaceId: row.workspace_id,
    userId: user.id,
    email: user.email,
    name: user.name,
    role: user.role,
    groups: workspace.groupsOf(user.id),
    sessionId: row.id,
  }
}

async function isCurrent(
  { store, directory, clock }: SessionsParts,
  { workspaceId, userId, sessionId, role }: Person,
): Promise<boolean> {
  directory.assertCurrent()
  const row = await store.query('identity.session', { workspaceId, id: sessionId })
  const user = directory.workspace(workspaceId).user(userId)
  return (
    row !== undefined &&
    stands(row, clock.nowMs()) &&
    user?.status === 'active' &&
    user.role === role
  )
}

/** The row of a session token whose secret is right, whatever its state. */
async function genuine({ store, pepper }: SessionsParts, text: string) {
  const key = parseSessionToken(text)
  const row = key && (await store.query('identity.session', key))
  return row && isHashOf(pepper, text, row.hash) ? row : undefined
}

type SessionOf = Readonly<{ workspaceId: string; userId: string; id: string }>

async function end(
  { store, draft, clock }: SessionsParts,
  { workspaceId, userId, id }: SessionOf,
  reason: string,
): Promise<void> {
  await store.command('identity.endSession', { workspaceId, id, atMs: clock.nowMs() }, [
    draft({
      type: 'session.ended',
      workspaceId,
      actorId: userId,
      target: id,
      fields: { reason },
    }),
  ])
}

function bearerOf(authorization: string | undefined): string {
  if (authorization === undefined || !/^bearer /i.test(authorization)) throw unauthenticated()
  return authorization.slice('bearer '.length)
}

const stands = (
  session: Readonly<{ ended_at: number | null; seen_at: number; ends_at: number }>,
  nowMs: number,
): boolean =>
  session.ended_at === null && nowMs < session.ends_at && nowMs - session.seen_at < SESSION_IDLE_MS

const unauthenticated = (): CoreError => new CoreError('unauthenticated')
