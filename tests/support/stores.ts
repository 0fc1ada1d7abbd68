import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createDraft, type Draft } from '../../apps/core/src/audit/event.ts'
import { createLogAppender } from '../../apps/core/src/audit/log.ts'
import { systemClock, type Clock } from '../../apps/core/src/ground/clock.ts'
import { createIds } from '../../apps/core/src/ground/ids.ts'
import { createLog } from '../../apps/core/src/ground/log.ts'
import { Secret } from '../../apps/core/src/ground/secret.ts'
import { openStore, type OpenStoreOptions } from '../../apps/core/src/store/open-store.ts'
import type { Store } from '../../apps/core/src/store/store.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'

export const engines = ['sqlite', 'postgres'] as const
export type Engine = (typeof engines)[number]

const CORE = new URL('../../apps/core/src/', import.meta.url)

/** The real audit log and the real threads, as Core joins them. */
const storeParts = {
  clock: systemClock,
  log: createLog('silent'),
  version: 'test',
  allowUnsafeFilesystem: false,
  databaseUrl: undefined,
  databaseDirectUrl: undefined,
  createAppender: createLogAppender,
  threads: {
    writer: new URL('writer-worker.ts', CORE),
    reader: new URL('reader-worker.ts', CORE),
  },
  // The disk of a test machine may be nearly full, and a real reserve takes long to write.
  reserveBytes: 1024,
  spaceLimits: { warnBytes: 0, stopBytes: 0 },
} as const satisfies Omit<OpenStoreOptions, 'dataDir'>

const logConfig = {
  deploymentId: 'dep_test',
  instanceId: 'ins_test',
  seed: new Uint8Array(32).fill(7),
}

type Opening = { readonly instanceId?: string; readonly isArmed?: boolean }

/** A place for a store on one engine, which can be opened more than once. */
export type StorePlace = AsyncDisposable &
  Readonly<{
    dataDir: string
    database: TestDatabase | undefined
    /** Opens, and arms unless it is told not to. */
    open: (over?: Partial<OpenStoreOptions> & Opening) => Promise<Store>
  }>

export async function createStorePlace(engine: Engine): Promise<StorePlace> {
  const dataDir = await mkdtemp(join(tmpdir(), 'peta-store-'))
  const database = engine === 'postgres' ? await createTestDatabase() : undefined
  const url = database && new Secret(database.url)
  return {
    dataDir,
    database,
    async open({ instanceId = logConfig.instanceId, isArmed = true, ...over } = {}) {
      const urls = { databaseUrl: url, databaseDirectUrl: url }
      const store = await openStore({ ...storeParts, dataDir, ...urls, ...over })
      if (isArmed) await store.arm({ ...logConfig, instanceId })
      return store
    },
    async [Symbol.asyncDispose]() {
      await database?.[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export function drafts(clock: Clock = systemClock): Draft {
  return createDraft({ clock, newId: createIds(clock) })
}
