import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import { newAgentToken } from './credential-text.ts'
import { hashOf, type Pepper } from './credentials.ts'
import type { Directory } from './directory.ts'
import type { DraftEvent } from './draft.ts'
import { tokenState, type TokenRecord } from './records.ts'
import { mcpResource, profileOf } from './resource.ts'

const HOUR_MS = 3_600_000
const TOKEN_LIFE_MS = { default: HOUR_MS, min: 60_000, max: 90 * 24 * HOUR_MS } as const
const TOKEN_OVERLAP_MS_MAX = 24 * HOUR_MS

/** The token itself is in this one answer and nowhere else (IDN-13). */
export type TokenSecret = Readonly<{ token: string; record: TokenRecord }>

export type Tokens = Readonly<{
  /** @throws CoreError `not_found`, `invalid_request` */
  issue: (person: Person, agentId: string, terms?: IssueTerms) => Promise<TokenSecret>
  /**
   * A new token with its own id in place of an active one, which works on for `overlapMs` at most. The new one lives
   * as long as the old one was given, unless told otherwise.
   *
   * @throws CoreError `not_found`, `conflict`, `invalid_request`
   */
  rotate: (person: Person, old: TokenKey, terms?: RotationTerms) => Promise<TokenSecret>
  /** Takes effect before it resolves. @throws CoreError `not_found` */
  revoke: (person: Person, token: TokenKey) => Promise<void>
  /** Revokes a token that showed up where none may be, such as in a URL (IDN-14). */
  revokeLeaked: (token: TokenRecord, reason: string) => Promise<void>
}>

export type TokenKey = Readonly<{ agentId: string; tokenId: string }>
/** A token for one profile is refused at every other path; whether there is such a profile is not asked here. */
export type IssueTerms = Readonly<{ lifeMs?: number; profile?: string }>
export type RotationTerms = Readonly<{ lifeMs?: number; overlapMs?: number }>

export type TokensParts = Readonly<{
  store: Pick<Store, 'command'>
  directory: Pick<Directory, 'refresh' | 'token' | 'workspace'>
  pepper: Pepper
  draft: DraftEvent
  clock: Pick<Clock, 'nowMs'>
  newId: NewId
}>

export const createTokens = (parts: TokensParts): Tokens => ({
  issue: (person, agentId, { lifeMs = TOKEN_LIFE_MS.default, profile } = {}) =>
    issue(parts, person, { agentId, lifeMs, resource: mcpResource(profile) }),
  rotate: (person, key, terms = {}) => rotate(parts, person, key, terms),
  revoke: async (person, key) => end(parts, find(parts, person, key), 'revoked', person.userId),
  revokeLeaked: (token, reason) => end(parts, token, reason),
})

type NewTokenOf = Readonly<{ agentId: string; lifeMs: number; resource: string }>

async function issue(
  parts: TokensParts,
  { workspaceId, userId }: Person,
  wanted: NewTokenOf,
): Promise<TokenSecret> {
  const { agentId, resource } = wanted
  if (!parts.directory.workspace(workspaceId).agent(agentId)) throw new CoreError('not_found')
  const made = make(parts, workspaceId, wanted)
  const { id, expiresAtMs } = made.record
  await parts.store.command('identity.issueToken', { workspaceId, token: rowOf(made.record) }, [
    parts.draft({
      type: 'token.issued',
      workspaceId,
      actorId: userId,
      target: id,
      fields: { agent_id: agentId, expires_at: expiresAtMs, profile: profileOf(resource) },
    }),
  ])
  await parts.directory.refresh()
  return made
}

async function rotate(
  parts: TokensParts,
  person: Person,
  key: TokenKey,
  { lifeMs, overlapMs = 0 }: RotationTerms,
): Promise<TokenSecret> {
  const old = find(parts, person, key)
  const nowMs = parts.clock.nowMs()
  if (tokenState(old, nowMs) !== 'active' || old.revokedAtMs !== undefined) {
    throw new CoreError('conflict')
  }
  if (!(overlapMs >= 0 && overlapMs <= TOKEN_OVERLAP_MS_MAX)) {
    throw new CoreError('invalid_request', { problem: 'Tokens overlap for 24 hours at most.' })
  }
  const { workspaceId, agentId, resource } = old
  const life = lifeMs ?? old.expiresAtMs - old.createdAtMs
  const made = make(parts, workspaceId, { agentId, lifeMs: life, resource })
  const ends = { oldId: old.id, oldEndsAtMs: nowMs + overlapMs }
  await parts.store.command(
    'identity.rotateToken',
    { workspaceId, ...ends, token: rowOf(made.record) },
    [
      parts.draft({
        type: 'token.rotated',
        workspaceId,
        actorId: person.userId,
        target: made.record.id,
        fields: { agent_id: agentId, replaces: old.id, overlap_ms: overlapMs },
      }),
    ],
  )
  await parts.directory.refresh()
  return made
}

async function end(
  { store, directory, draft, clock }: TokensParts,
  { workspaceId, agentId, id }: TokenRecord,
  reason: string,
  actorId?: string,
): Promise<void> {
  const event = {
    type: 'token.revoked',
    workspaceId,
    target: id,
    fields: { agent_id: agentId, reason },
    ...(actorId !== undefined && { actorId }),
  } as const
  const args = { workspaceId, agentId, id, atMs: clock.nowMs() }
  await store.command('identity.revokeToken', args, [draft(event)])
  await directory.refresh()
}

function make(
  { pepper, clock, newId }: TokensParts,
  workspaceId: string,
  { agentId, lifeMs, resource }: NewTokenOf,
): TokenSecret {
  if (!(lifeMs >= TOKEN_LIFE_MS.min && lifeMs <= TOKEN_LIFE_MS.max)) {
    throw new CoreError('invalid_request', { problem: 'A token lives 60 seconds to 90 days.' })
  }
  const id = newId('tok')
  const token = newAgentToken(id)
  const nowMs = clock.nowMs()
  const record = {
    id,
    workspaceId,
    agentId,
    resource,
    hash: hashOf(pepper, token),
    createdAtMs: nowMs,
    expiresAtMs: nowMs + lifeMs,
    revokedAtMs: undefined,
    lastUsedAtMs: undefined,
  }
  return { token, record }
}

/** Tokens of other workspaces and agents are not there (IDN-82). */
function find(
  { directory }: TokensParts,
  person: Person,
  { agentId, tokenId }: TokenKey,
): TokenRecord {
  const token = directory.token(tokenId)
  if (token?.workspaceId !== person.workspaceId || token.agentId !== agentId) {
    throw new CoreError('not_found')
  }
  return token
}

const rowOf = ({ id, agentId, resource, hash, createdAtMs, expiresAtMs }: TokenRecord) => ({
  id,
  agentId,
  resource,
  hash,
  createdAtMs,
  expiresAtMs,
})
