import { z } from 'zod'

import type { NewId } from '../../ground/ids.ts'
import { asks } from '../../model/question.ts'
import { legacyVersions } from '../../protocol/rev-2025-11-25/version.ts'
import type { Sealing } from '../seal.ts'

/** What the id of a session says to those who can open it: enough to go on with it on any replica (MCP-31). */
const SessionClaims = z.strictObject({
  owner: z.string(),
  /** Name of the profile it was begun at; empty where it was none. */
  profile: z.string(),
  version: z.enum(legacyVersions),
  /** What the client can be asked for. */
  asks: z.array(z.enum(asks)).readonly(),
  /** It shows apps. */
  showsApps: z.boolean().default(false),
  expiresAtMs: z.int(),
})

export type SessionClaims = Readonly<z.infer<typeof SessionClaims>>

const Sealed = SessionClaims.extend({ nonce: z.string() })

export type SessionIds = Readonly<{
  make: (claims: SessionClaims) => string
  /** Undefined for an id that Peta did not make. */
  read: (id: string) => SessionClaims | undefined
}>

export function createSessionIds(deps: Sealing & Readonly<{ newId: NewId }>): SessionIds {
  return {
    make: (claims) =>
      deps.seal('mcp-session', JSON.stringify({ ...claims, nonce: deps.newId('ses') })),
    read(id) {
      const text = deps.open('mcp-session', id)
      if (text === undefined) return undefined
      const { nonce: _nonce, ...claims } = Sealed.parse(JSON.parse(text))
      return claims
    },
  }
}
