import type { Clock } from '../ground/clock.ts'
import type { CredentialSet } from '../model/clearance.ts'
import type { Era } from '../model/frame.ts'
import type { ServerDefinition } from '../model/server.ts'

/** Which era each server was found to speak, so that only its first start has to ask (MCP-53). */
export type EraMemory = Readonly<{
  get: (definition: ServerDefinition, credentials: CredentialSet) => Era | undefined
  set: (definition: ServerDefinition, credentials: CredentialSet, era: Era) => void
  forget: (serverId: string) => void
}>

/** An old server may learn the new protocol without telling anyone. */
const LEGACY_VALID_MS = 24 * 3600 * 1000

export function createEraMemory(clock: Pick<Clock, 'nowMs'>): EraMemory {
  const found = new Map<string, Readonly<{ era: Era; atMs: number }>>()

  return {
    get(definition, credentials) {
      const verdict = found.get(keyOf(definition, credentials))
      if (!verdict) return undefined
      const isOld = verdict.era === 'legacy' && clock.nowMs() - verdict.atMs >= LEGACY_VALID_MS
      return isOld ? undefined : verdict.era
    },
    set(definition, credentials, era) {
      const key = keyOf(definition, credentials)
      if (found.get(key)?.era === era && era === 'modern') return
      found.set(key, { era, atMs: clock.nowMs() })
    },
    forget(serverId) {
      for (const key of found.keys()) if (key.startsWith(`${serverId} `)) found.delete(key)
    },
  }
}

const keyOf = ({ id, hash }: ServerDefinition, { version }: CredentialSet): string =>
  `${id} ${hash} ${version}`
