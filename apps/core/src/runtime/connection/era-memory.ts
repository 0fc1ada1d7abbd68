import type { Clock } from '../../ground/clock.ts'
import type { Log } from '../../ground/log.ts'
import type { CredentialSet } from '../../model/clearance.ts'
import type { Era } from '../../model/frame.ts'
import type { ServerDefinition } from '../../model/server.ts'
import type { Store } from '../../store/store.ts'

/** Which era each server was found to speak, so that only its first start has to ask (MCP-53). */
export type EraMemory = Readonly<{
  /** Reads what earlier starts of Peta found. */
  load: (workspaceId: string) => Promise<void>
  get: (definition: ServerDefinition, credentials: CredentialSet) => Era | undefined
  set: (definition: ServerDefinition, credentials: CredentialSet, era: Era) => void
  forget: (workspaceId: string, serverId: string) => void
}>

export type EraMemoryParts = Readonly<{
  store: Pick<Store, 'query' | 'housekeep'>
  clock: Pick<Clock, 'nowMs'>
  log: Pick<Log, 'warn'>
}>

type Verdict = Readonly<{ era: Era; foundAtMs: number }>

/** An old server may learn the new protocol without telling anyone. */
const LEGACY_VALID_MS = 24 * 3600 * 1000

/** Memory is what counts; what is stored only spares the next start of Peta from asking all servers again. */
export function createEraMemory({ store, clock, log }: EraMemoryParts): EraMemory {
  const found = new Map<string, Verdict>()

  function valid(key: string): Era | undefined {
    const verdict = found.get(key)
    if (!verdict) return undefined
    const isOld = verdict.era === 'legacy' && clock.nowMs() - verdict.foundAtMs >= LEGACY_VALID_MS
    return isOld ? undefined : verdict.era
  }

  function keep(work: Promise<unknown>): void {
    work.catch((error: unknown) => log.warn({ err: error }, 'an era could not be kept'))
  }

  return {
    async load(workspaceId) {
      for (const row of await store.query('server.eras', { workspaceId })) {
        const key = keyOf(workspaceId, row.server_id, row.launch_hash, row.credential_version)
        // What this process found itself is newer.
        if (!found.has(key)) found.set(key, { era: row.era, foundAtMs: row.found_at })
      }
    },
    get: (definition, credentials) => valid(keyFor(definition, credentials)),
    set(definition, credentials, era) {
      const key = keyFor(definition, credentials)
      // Nobody asked the server again, so its verdict stays as old as it is.
      if (valid(key) === era) return
      const foundAtMs = clock.nowMs()
      found.set(key, { era, foundAtMs })
      const { workspaceId, id: serverId, hash: launchHash } = definition
      const verdict = { workspaceId, serverId, launchHash, era, foundAtMs }
      keep(
        store.housekeep('server.noteEra', { ...verdict, credentialVersion: credentials.version }),
      )
    },
    forget(workspaceId, serverId) {
      const prefix = `${workspaceId} ${serverId} `
      for (const key of found.keys()) if (key.startsWith(prefix)) found.delete(key)
      keep(store.housekeep('server.forgetEras', { workspaceId, serverId }))
    },
  }
}

const keyFor = ({ workspaceId, id, hash }: ServerDefinition, { version }: CredentialSet): string =>
  keyOf(workspaceId, id, hash, version)

const keyOf = (...parts: readonly [string, string, string, string]): string => parts.join(' ')
