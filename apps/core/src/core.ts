import { createLogAppender } from './audit/log.ts'
import { recover } from './audit/recover.ts'
import { watchClock } from './audit/watch-clock.ts'
import { createGround, type Ground, type Overrides } from './build-ground.ts'
import type { Config } from './config/config.ts'
import { writeHostKey } from './config/host-key.ts'
import { readInstanceId } from './config/instance-id.ts'
import type { ServerDefinition } from './model/server.ts'
import type { Stages } from './open-stages.ts'
import { openStore, type OpenStoreOptions } from './store/open-store.ts'
import { holdDirectory } from './store/sqlite/data-directory.ts'
import type { Store } from './store/store.ts'

const storeParts = {
  createAppender: createLogAppender,
  threads: {
    writer: new URL('./writer-worker.ts', import.meta.url),
    reader: new URL('./reader-worker.ts', import.meta.url),
  },
}

/** A running Core. Disposing it stops accepting, drains, and closes everything in reverse order. */
export type Core = AsyncDisposable &
  Readonly<{
    url: string
    /** A new set-up link, while there is no owner. */
    setupLink: () => Promise<string | undefined>
  }>

/**
 * Builds Core floor by floor and opens its port last, so that nobody is let in before everything stands.
 *
 * `failed` is told when the database file failed to write: the process must not go on.
 *
 * @throws CoreError with a code of start-up, storage or the vault
 */
export async function startCore(
  config: Config,
  overrides: Overrides = {},
  failed: (cause: unknown) => void = () => undefined,
): Promise<Core> {
  await using lifetime = new AsyncDisposableStack()
  const ground = createGround(config, overrides)
  const storeOptions = { ...ground, ...config.store, ...storeParts, failed }
  const { store, floors } = await openStoreUnderFloors(storeOptions, lifetime)
  const built = await build({ ground, config, store, floors }, lifetime)
  const running = lifetime.move()
  return { ...built, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

type Parts = Readonly<{ ground: Ground; config: Config; store: Store; floors: Floors }>

async function build(
  { ground, config, store, floors }: Parts,
  lifetime: AsyncDisposableStack,
): Promise<Pick<Core, 'url' | 'setupLink'>> {
  const { openVault, openStages, buildAdmin, buildMcp, listen } = floors
  const { dataDir } = config.store
  const instanceId = await readInstanceId(dataDir, ground.newId)
  const hostKey = await writeHostKey(dataDir)

  let stages: Stages | undefined
  const serverOf = (workspaceId: string, serverId: string): ServerDefinition | undefined =>
    stages?.runtime.server(workspaceId, serverId)
  const sources = { store, config, instanceId, serverOf }
  const { vault, keys, deploymentId } = await openVault(
    ground,
    sources,
    new AbortController().signal,
  )
  lifetime.use(vault)
  lifetime.defer(() => endLog(store, ground))
  await beginLog(store, ground, instanceId)
  lifetime.use(watchClock({ ...ground, append: store.append }))
  stages = await openStages({ ...ground, store, vault, keys, gatewayId: instanceId }, lifetime)

  const admin = buildAdmin({
    ...ground,
    store,
    stages,
    keys,
    hostKey,
    deploymentId,
    publicUrl: () => listener.publicUrl,
  })
  const listener = lifetime.use(
    await listen({
      ...config.http,
      ...admin,
      issuers: [],
      isProfile: stages.profiles.isKnown,
      mcp: buildMcp(ground, stages, keys),
    }),
  )

  lifetime.defer(() => admin.stop())

  return { url: listener.publicUrl, setupLink: admin.setupLink }
}

/** The floors are loaded while the threads of the store load theirs: finding code takes most of a start. */
async function openStoreUnderFloors(options: OpenStoreOptions, lifetime: AsyncDisposableStack) {
  const { databaseUrl, dataDir, clock } = options
  if (databaseUrl) lifetime.use(holdDirectory(dataDir, clock.nowMs()))
  const [store, floors] = await Promise.all([
    openStore(options).then((opened) => lifetime.use(opened)),
    loadFloors(),
  ])
  return { store, floors }
}

type Floors = Awaited<ReturnType<typeof loadFloors>>

const loadFloors = async () => ({
  ...(await import('./open-vault.ts')),
  ...(await import('./open-stages.ts')),
  ...(await import('./build-admin.ts')),
  ...(await import('./build-mcp.ts')),
  ...(await import('./http/listen.ts')),
})

/** Says that Core started, and closes what an earlier run left open: nobody knows how those calls ended (AUD-24). */
async function beginLog(store: Store, { draft, log }: Ground, instanceId: string): Promise<void> {
  await store.append([draft({ type: 'system.started', workspaceId: '' })])
  const { query, housekeep, append } = store
  const unknown = await recover({ query, housekeep, append, draft, instanceId })
  if (unknown > 0) log.warn({ unknown }, 'calls of an earlier run have no known outcome')
}

/** A log that ends in order says so; one that does not was cut off. A sealed vault cannot sign, and says nothing. */
async function endLog(store: Store, { draft, log }: Ground): Promise<void> {
  const events = (['system.stopped', 'log.closed'] as const).map((type) =>
    draft({ type, workspaceId: '' }),
  )
  await store.append(events).catch((error: unknown) => log.error({ err: error }, 'log not closed'))
}
