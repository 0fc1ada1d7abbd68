import { CoreError } from '../ground/errors.ts'
import type { Clearance } from '../model/clearance.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { ServerCredentials } from './credentials.ts'

/**
 * Opened credentials by server, so that a call does not pay for decryption. Dropped when a secret of the workspace
 * changes, when the server does, at the first expiry, and when the vault is sealed.
 */
export type CredentialCache = Readonly<{
  get: (server: ServerDefinition, nowMs: number) => ServerCredentials | undefined
  load: (clearance: Clearance, server: ServerDefinition) => Promise<ServerCredentials>
  drop: (workspaceId: string) => void
  dropAll: () => void
}>

type Entry = Readonly<{ workspaceId: string; hash: string; credentials: ServerCredentials }>

const ENTRIES_MAX = 2000
const LOADS_MAX = 5

export function createCredentialCache(
  open: (clearance: Clearance, server: ServerDefinition) => Promise<ServerCredentials>,
): CredentialCache {
  const entries = new Map<string, Entry>()
  const loading = new Map<string, Promise<ServerCredentials>>()
  let generation = 0

  function keep(server: ServerDefinition, credentials: ServerCredentials): ServerCredentials {
    const [oldest] = entries.keys()
    if (entries.size >= ENTRIES_MAX && oldest !== undefined) entries.delete(oldest)
    const { workspaceId, hash } = server
    entries.set(keyOf(server), { workspaceId, hash, credentials })
    return credentials
  }

  return {
    get(server, nowMs) {
      const entry = entries.get(keyOf(server))
      const isCurrent = entry?.hash === server.hash && entry.credentials.expiresAtMs > nowMs
      return isCurrent ? entry.credentials : undefined
    },
    load(clearance, server) {
      const key = `${keyOf(server)} ${server.hash} ${generation}`
      const known = loading.get(key)
      if (known) return known
      const started = openUnchanged(
        () => open(clearance, server),
        () => generation,
      )
      const kept = started
        .then((credentials) => keep(server, credentials))
        .finally(() => loading.delete(key))
      loading.set(key, kept)
      return kept
    },
    drop(workspaceId) {
      generation++
      for (const [key, entry] of entries) {
        if (entry.workspaceId === workspaceId) entries.delete(key)
      }
    },
    dropAll() {
      generation++
      entries.clear()
    },
  }
}

/** What was opened while something changed may be old already, and is opened again. */
async function openUnchanged(
  open: () => Promise<ServerCredentials>,
  generation: () => number,
): Promise<ServerCredentials> {
  for (let attempt = 1; attempt <= LOADS_MAX; attempt++) {
    const before = generation()
    const credentials = await open()
    if (before === generation()) return credentials
  }
  throw new CoreError('conflict')
}

const keyOf = ({ workspaceId, id }: ServerDefinition): string => `${workspaceId} ${id}`
