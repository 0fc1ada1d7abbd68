import type { Clock } from '../ground/clock.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { LogAppender } from './appender.ts'
import { createHints, topicOf } from './hints.ts'
import { migrate } from './migrate.ts'
import { queries } from './operations.ts'
import { openSqlite } from './sqlite/database.ts'
import { sqliteWriter } from './sqlite/writer-connection.ts'
import { typedStore } from './loose-store.ts'
import { runOperation } from './operation.ts'
import type { Store } from './store.ts'
import { createWriter, type WriteJob } from './writer.ts'

/** A store for tests: real SQLite in memory with every migration, in this thread, and the events it was given. */
export type TestStore = Store & Readonly<{ drafts: () => readonly AuditDraft[] }>

export type TestStoreOptions = Readonly<{ clock?: Pick<Clock, 'nowMs'>; appender?: LogAppender }>

export async function openTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const clock = options.clock ?? { nowMs: () => Date.now() }
  const drafts: AuditDraft[] = []
  const sqlite = openSqlite(':memory:')
  const connection = sqliteWriter(sqlite)
  await migrate(sqlite.db, {
    engine: 'sqlite',
    nowMs: clock.nowMs(),
    appVersion: 'test',
    transaction: (work) => work(),
  })
  const writer = createWriter({
    connection,
    appender: options.appender ?? listAppender(drafts),
    pause: async () => undefined,
  })
  const hints = createHints()

  function push(job: Pick<WriteJob, 'name' | 'args' | 'drafts'>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      writer.push({
        ...job,
        nowMs: clock.nowMs(),
        answer(answer) {
          if ('error' in answer) return reject(answer.error)
          const topic = topicOf(job.name ?? '')
          if (topic) hints.wake(topic)
          hints.wake('event')
          resolve(structuredClone(answer.result))
        },
      })
    })
  }

  const store = typedStore({
    engine: 'sqlite',
    hints,
    async query(name, args) {
      await writer.quiet()
      const context = { nowMs: clock.nowMs() }
      return structuredClone(await runOperation(queries[name], sqlite.db, args, context))
    },
    command: (name, args, events) => push({ name, args: structuredClone(args), drafts: events }),
    append: async (events) => void (await push({ drafts: events })),
    arm: async () => undefined,
    async [Symbol.asyncDispose]() {
      await writer.quiet()
      hints[Symbol.dispose]()
      sqlite.close()
    },
  })
  return Object.assign(store, { drafts: () => drafts })
}

/** Keeps what was committed, in order; what a failed batch had is gone again. */
const listAppender = (committed: AuditDraft[]): LogAppender => ({
  append: async (_db, drafts) => ({ committed: () => void committed.push(...drafts) }),
})
