import { CoreError } from '../../ground/errors.ts'
import type { AuditDraft } from '../../model/audit-event.ts'
import { createHints, type HintHub } from '../hints.ts'
import { typedStore } from '../loose-store.ts'
import type { OpenStoreOptions } from '../open-store.ts'
import type { Store, StoreState } from '../store.ts'
import { openDataDirectory } from './data-directory.ts'
import { createFileHealth, type FileHealth } from './file-health.ts'
import { openReaderPool, type ReaderPool } from './reader-pool.ts'
import { watchSpace, type SpaceWatch } from './space-watch.ts'
import { openWriterLink, type WriterLink } from './writer-link.ts'

const RESERVE_BYTES = 64 * 1024 * 1024

/** SQLite in the data directory, written by one thread and read by others; the main thread never touches the file. */
export async function openSqliteStore(options: OpenStoreOptions): Promise<Store> {
  await using opening = new AsyncDisposableStack()
  const { clock, log, threads, version } = options
  const { nowMs } = clock
  const reserveBytes = options.reserveBytes ?? RESERVE_BYTES
  const directory = opening.use(openDataDirectory({ ...options, nowMs: nowMs(), reserveBytes }))
  const space = opening.use(watchSpace(directory, log, options.spaceLimits))
  await space.look()
  const hints = opening.use(createHints())
  const health = createFileHealth(log, options.failed)

  const start = { path: directory.databasePath, appVersion: version, nowMs: nowMs() }
  // Both threads load their code at once; the reader opens the file when the writer has made it.
  const writing = openWriterLink({
    url: threads.writer,
    start,
    nowMs,
    committed: hints.wake,
    space,
    health,
  }).then((link) => opening.use(link))
  const reading = openReaderPool({
    url: threads.reader,
    start,
    nowMs,
    died: health.failed,
    mayOpen: writing,
  }).then((pool) => opening.use(pool))
  const [writer, readers] = await Promise.all([writing, reading])
  if (writer.migrated.length > 0) {
    log.info({ steps: writer.migrated }, 'the database schema moved forward')
  }
  return joinStore({ space, hints, health, writer, readers, lifetime: opening.move() })
}

type Parts = Readonly<{
  space: SpaceWatch
  hints: HintHub
  health: FileHealth
  writer: WriterLink
  readers: ReaderPool
  lifetime: AsyncDisposableStack
}>

function joinStore({ space, hints, health, writer, readers, lifetime }: Parts): Store {
  return typedStore({
    engine: 'sqlite',
    hints,
    query: readers.read,
    async command(name, args, events, requestId) {
      health.check()
      const command = { name, args, ...(requestId !== undefined && { requestId }) }
      return writer.front.command(command, events)
    },
    async append(events) {
      health.check()
      if (space.isFull() && isNewCall(events)) throw new CoreError('storage_full')
      return writer.front.append(events)
    },
    arm: async (config) => writer.arm(config),
    state: () => stateOf(health, space),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  })
}

function stateOf(health: FileHealth, space: SpaceWatch): StoreState {
  if (health.hasFailed()) return 'failed'
  return space.isFull() ? 'full' : 'ready'
}

/** What is under way may still be completed on a full disk; nothing new begins. */
const isNewCall = (events: readonly AuditDraft[]): boolean => events[0]?.type === 'call.decided'
