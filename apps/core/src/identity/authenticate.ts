import { sha256Hex } from '../crypto/digest.ts'
import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { Principal } from '../model/principal.ts'
import { parseAgentToken } from './credential-text.ts'
import { isHashOf, type Pepper } from './credentials.ts'
import type { Directory } from './directory.ts'
import { principalOf } from './principal.ts'
import { tokenState, type TokenRecord } from './records.ts'
import { isTokenFor, type Resource } from './resource.ts'

export type Authenticate = Readonly<{
  /**
   * Who sent a request, from its Authorization header. Synchronous: the hot path of every call.
   *
   * @throws CoreError `unauthenticated`, `store_unavailable`, `vault_sealed`
   */
  identify: (authorization: string | undefined, resource: Resource) => Principal
  /** The record of a genuine token, whatever its state. */
  recognise: (token: string) => TokenRecord | undefined
  /** Tokens used since the last time this was asked, with when. */
  takeUsed: () => readonly Readonly<{ workspaceId: string; id: string; atMs: number }>[]
}>

export type AuthenticateDependencies = Readonly<{
  directory: Pick<Directory, 'assertCurrent' | 'token' | 'version' | 'workspace'>
  pepper: Pepper
  clock: Pick<Clock, 'nowMs'>
}>

/** Verified tokens by digest: a hit costs a hash instead of an HMAC, and no secret is a key in memory (IDN-18). */
const VERIFIED_MAX = 10_000

const BEARER = /^bearer /i

export function createAuthenticate({
  directory,
  pepper,
  clock,
}: AuthenticateDependencies): Authenticate {
  const verified = new Map<string, string>()
  const principals = new Map<string, Readonly<{ version: number; principal: Principal }>>()
  let used = new Map<string, Readonly<{ workspaceId: string; id: string; atMs: number }>>()

  function recognise(text: string): TokenRecord | undefined {
    const digest = sha256Hex(text)
    const knownId = verified.get(digest)
    if (knownId !== undefined) return directory.token(knownId)
    const id = parseAgentToken(text)
    const record = id === undefined ? undefined : directory.token(id)
    if (!record || !isHashOf(pepper, text, record.hash)) return undefined
    remember(verified, digest, record.id)
    return record
  }

  function principalFor(token: TokenRecord): Principal {
    const version = directory.version()
    const cached = principals.get(token.id)
    if (cached?.version === version) return cached.principal
    const principal = principalOf(token, directory.workspace(token.workspaceId))
    if (!principal) throw unauthenticated()
    principals.set(token.id, { version, principal })
    return principal
  }

  return {
    recognise,
    identify(authorization, resource) {
      if (authorization === undefined || !BEARER.test(authorization)) throw unauthenticated()
      directory.assertCurrent()
      const token = recognise(authorization.slice('bearer '.length))
      const nowMs = clock.nowMs()
      if (!token || !isTokenFor(token.resource, resource)) throw unauthenticated()
      if (tokenState(token, nowMs) !== 'active') throw unauthenticated()
      const principal = principalFor(token)
      used.set(token.id, { workspaceId: token.workspaceId, id: token.id, atMs: nowMs })
      return principal
    },
    takeUsed() {
      const taken = [...used.values()]
      used = new Map()
      return taken
    },
  }
}

/** One answer for every reason: a stranger learns nothing from it. */
const unauthenticated = (): CoreError => new CoreError('unauthenticated')

function remember(cache: Map<string, string>, key: string, value: string): void {
  const [oldest] = cache.size >= VERIFIED_MAX ? cache.keys() : []
  if (oldest !== undefined) cache.delete(oldest)
  cache.set(key, value)
}
