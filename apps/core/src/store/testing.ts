import type { Clock } from '../ground/clock.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { LogAppender } from './appender.ts'
import { createHints } from './hints.ts'
import { typedStore } from './loose-store.ts'
import { runQuery } from './run-named.ts'
import { openSqlite } from './sqlite/database.ts'
import { migrateSqlite } from './sqlite/migrate-sqlite.ts'
import { sqliteWriter } from './sqlite/writer-connection.ts'
import { storeError } from './store-error.ts'
import type { Store } from './store.ts'
import { createWriteFront } from './write-front.ts'
import { createWriter } from './writer.ts'

/** A store for tests: real SQLite in memory with every migration, in this thread, and the events it was given. */
export type TestStore = Store & Readonly<{ drafts: () => readonly AuditDraft[] }>

export type TestStoreOptions = Readonly<{ clock?: Pick<Clock, 'nowMs'>; appender?: LogAppender }>

export async function openTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const nowMs = options.clock?.nowMs ?? Date.now
  const drafts: AuditDraft[] = []
  const appender = options.appender ?? listAppender(drafts)
  const sqlite = openSqlite(':memory:')
  await migrateSqlite(sqlite, { path: ':memory:', nowMs: nowMs(), appVersion: 'test' })
  const hints = createHints()
  const writer = createWriter({
    connection: sqliteWriter(sqlite),
    appender,
    reply: (replies) => front.settle(replies),
    monotonicUs: () => 0,
    pause: async () => undefined,
  })
  const front = createWriteFront({ send: writer.push, nowMs, committed: hints.wake })

  const store = typedStore({
    engine: 'sqlite',
    hints,
    state: () => 'ready',
    // There is one connection, which would show what is not committed yet.
    async query(name, args) {
      await front.quiet()
      try {
        return structuredClone(await runQuery(sqlite, { name, args, nowMs: nowMs() }))
      } catch (error) {
        throw storeError(error)
      }
    },
    // Arguments and results are cloned, as on their way between threads.
    command: async (name, args, events, requestId) =>
      structuredClone(
        await front.command(
          { name, args: structuredClone(args), ...(requestId !== undefined && { requestId }) },
          events,
        ),
      ),
    append: front.append,
    arm: async (config) => appender.arm(config),
    async [Symbol.asyncDispose]() {
      await front.quiet()
      hints[Symbol.dispose]()
      sqlite[Symbol.dispose]()
    },
  })
  return Object.assign(store, { drafts: () => drafts })
}

/** Keeps what was committed, in order; what a failed batch had is gone again. */
const listAppender = (committed: AuditDraft[]): LogAppender => ({
  append: async (_db, drafts) => ({ committed: () => void committed.push(...drafts) }),
  arm: () => undefined,
  forget: () => undefined,
})
