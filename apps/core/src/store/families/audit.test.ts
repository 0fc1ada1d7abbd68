import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { runQuery } from '../run-named.ts'
import { openSqlite, type SqliteConnection } from '../sqlite/database.ts'
import { migrateSqlite } from '../sqlite/migrate-sqlite.ts'
import type { QueryName } from '../store.ts'

let sqlite: SqliteConnection

beforeEach(async () => {
  sqlite = openSqlite(':memory:')
  await migrateSqlite(sqlite, { path: ':memory:', nowMs: 0, appVersion: 'test' })
})
afterEach(() => sqlite[Symbol.dispose]())

/** How SQLite would find the rows of a named query. */
async function planOf(name: QueryName, args: unknown): Promise<string> {
  const prepare = vi.spyOn(sqlite.raw, 'prepare')
  await runQuery(sqlite, { name, args, nowMs: 0 })
  const sql = prepare.mock.lastCall?.[0]
  const steps = sqlite.raw.prepare(`explain query plan ${sql}`).all()
  return steps.map(({ detail }) => String(detail)).join('\n')
}

const search = { workspaceId: 'wsp_1', limit: 10 }

describe('events are found without reading those of every call', () => {
  it.each([
    ['of a rare type', 'audit.search', { ...search, type: 'secret.refused' }],
    ['of unknown outcome', 'audit.unknownOutcomes', { workspaceId: 'wsp_1' }],
  ] as const)('%s', async (_which, name, args) => {
    expect(await planOf(name, args)).toMatch(/index audit_event_rare \(workspace_id=\? and type=/i)
  })

  it.each([
    ['of any type', search],
    ['of calls', { ...search, type: 'call.decided' }],
    ['of a time', { ...search, fromMs: 5 }],
  ])('%s, newest first without sorting', async (_which, args) => {
    const plan = await planOf('audit.search', args)
    expect(plan).toMatch(/index audit_event_by_time \(workspace_id=/i)
    expect(plan).not.toMatch(/temp b-tree/i)
  })
})
