import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { Log } from '../ground/log.ts'
import type {
  ArmedCall,
  CallClearance,
  Clearance,
  ConnectClearance,
  CredentialSet,
} from '../model/clearance.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { Store } from '../store/store.ts'
import type { Draft, ServerOf } from './change.ts'
import { createCredentialCache, type CredentialCache } from './credential-cache.ts'
import { createServerCredentials, type ServerCredentials } from './credentials.ts'
import { createEpochWatch } from './epoch-watch.ts'
import { openSecrets, type OpenParts } from './open.ts'
import { actorOf } from './refuse.ts'
import { serverAt } from './server-at.ts'

/** Fills credentials in. Everything that leaves the vault in clear leaves by one of the two (VLT-2). */
export type Injector = Readonly<{
  /** @throws CoreError `vault_sealed`, `secret_*`, `vault_integrity_failed` */
  inject: (clearance: CallClearance, signal: AbortSignal) => Promise<ArmedCall>
  connectCredentials: (clearance: ConnectClearance) => Promise<CredentialSet>
  /** After a change of secrets, here or elsewhere. */
  drop: (workspaceId: string) => void
  dropAll: () => void
  wake: () => void
}>

type InjectorParts = OpenParts &
  Readonly<{
    store: Pick<Store, 'query' | 'append' | 'housekeep'>
    clock: Clock
    log: Log
    draft: Draft
    serverOf: ServerOf
    /** @throws CoreError `vault_sealed` */
    assertUnsealed: () => void
  }>

export function createInjector(parts: InjectorParts): Injector {
  const cache = createCredentialCache((clearance, server) => open(parts, clearance, server))
  const watch = createEpochWatch(parts.store, parts.clock, cache.drop)
  const credentials = createLookUp(parts, cache)

  return {
    async inject(clearance, signal) {
      parts.assertUnsealed()
      signal.throwIfAborted()
      const server = clearedServer(parts.serverOf, clearance)
      const confirming = watch.confirm(server.workspaceId)
      if (confirming) await confirming
      const found = await credentials(clearance, server)
      parts.assertUnsealed()
      return arm(clearance, found.setFor(toolOf(clearance)))
    },
    async connectCredentials(clearance) {
      parts.assertUnsealed()
      const { server } = clearance
      if (server.workspaceId !== clearance.workspaceId) throw new CoreError('not_found')
      const confirming = watch.confirm(server.workspaceId)
      if (confirming) await confirming
      const found = await credentials(clearance, server)
      parts.assertUnsealed()
      return found.setFor(undefined)
    },
    drop(workspaceId) {
      cache.drop(workspaceId)
      watch.forget(workspaceId)
    },
    dropAll() {
      cache.dropAll()
      watch.clear()
    },
    wake: watch.wake,
  }
}

const MARK_EVERY_MS = 60_000

/** Marks what is in use for people who look for unused secrets, at most once a minute (VLT-34). */
function createLookUp({ store, clock, log }: InjectorParts, cache: CredentialCache) {
  const markedAtMs = new WeakMap<ServerCredentials, number>()

  function mark(server: ServerDefinition, found: ServerCredentials, nowMs: number): void {
    if (nowMs - (markedAtMs.get(found) ?? -Infinity) < MARK_EVERY_MS) return
    markedAtMs.set(found, nowMs)
    const { workspaceId, id: serverId } = server
    for (const secretId of found.secretIds) {
      store
        .housekeep('secret.markUsed', { workspaceId, secretId, serverId })
        .catch((error: unknown) => log.warn({ error, secretId }, 'cannot mark a secret as used'))
    }
  }

  async function loadAndMark(
    clearance: Clearance,
    server: ServerDefinition,
  ): Promise<ServerCredentials> {
    const loaded = await cache.load(clearance, server)
    mark(server, loaded, clock.nowMs())
    return loaded
  }

  /** At once where they are open already: every call asks. */
  return function lookUp(
    clearance: Clearance,
    server: ServerDefinition,
  ): ServerCredentials | Promise<ServerCredentials> {
    const nowMs = clock.nowMs()
    const found = cache.get(server, nowMs)
    if (!found) return loadAndMark(clearance, server)
    mark(server, found, nowMs)
    return found
  }
}

/** The principal, the call and the server must all be of one workspace (VLT-3). */
function clearedServer(serverOf: ServerOf, { principal, call }: CallClearance): ServerDefinition {
  if (principal.workspaceId !== call.workspaceId) throw new CoreError('not_found')
  return serverAt({ serverOf }, call.workspaceId, call.server.id)
}

const toolOf = ({ call }: CallClearance): string | undefined =>
  call.action === 'tool.call' ? call.name : undefined

/** Opened and recorded before first use; values that only the credentials need in another form are cleared. */
async function open(
  parts: InjectorParts,
  clearance: Clearance,
  server: ServerDefinition,
): Promise<ServerCredentials> {
  const opened = await openSecrets(parts, clearance, server)
  if (opened.length > 0) {
    await parts.store.append([
      parts.draft({
        type: 'secret.used',
        workspaceId: server.workspaceId,
        ...actorOf(clearance),
        target: server.id,
        fields: {
          secrets: opened.map(({ id, version }) => ({ id, version })),
          server: { id: server.id, hash: server.hash },
          purpose: clearance.purpose,
        },
      }),
    ])
  }
  return createServerCredentials(server, opened)
}

function arm(clearance: CallClearance, credentials: CredentialSet): ArmedCall {
  const call = { clearance, credentials }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brand has no value to construct
  return call as ArmedCall
}
