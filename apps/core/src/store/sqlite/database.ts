import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

import { Kysely, SqliteDialect, type SqliteDatabase } from 'kysely'

import type { Db } from '../operation.ts'
import type { Tables } from '../tables.ts'
import { workspaceGuard } from '../workspace-guard.ts'
import { setPragmas } from './pragmas.ts'

/** One SQLite connection with Kysely on top. Everything on it is synchronous underneath, so it belongs in a thread. */
export type SqliteConnection = Disposable &
  Readonly<{
    /** Refuses statements without a workspace. */
    db: Db
    unguarded: Db
    raw: DatabaseSync
  }>

const STATEMENTS_CACHED_MAX = 512

/** @throws CoreError `database_unsafe` when a setting does not take */
export function openSqlite(
  path: string,
  { readOnly = false }: Readonly<{ readOnly?: boolean }> = {},
): SqliteConnection {
  const raw = new DatabaseSync(path, { readOnly, allowExtension: false, defensive: true })
  setPragmas(raw, { path, readOnly })
  const dialect = new SqliteDialect({ database: statementsOf(raw) })
  const unguarded = new Kysely<Tables>({ dialect })
  return {
    db: unguarded.withPlugin(workspaceGuard),
    unguarded,
    raw,
    [Symbol.dispose]: () => raw.close(),
  }
}

/** The face Kysely expects, over node:sqlite. Prepared statements are kept: compiling costs more than running. */
function statementsOf(raw: DatabaseSync): SqliteDatabase {
  const cached = new Map<string, ReturnType<typeof wrap>>()
  return {
    close: () => raw.close(),
    prepare(sql) {
      const known = cached.get(sql)
      if (known) return known
      const statement = wrap(raw.prepare(sql))
      if (cached.size >= STATEMENTS_CACHED_MAX) cached.clear()
      cached.set(sql, statement)
      return statement
    },
  }
}

function wrap(statement: StatementSync) {
  const reader = statement.columns().length > 0
  return {
    reader,
    all: (parameters: readonly unknown[]) => statement.all(...parameters.map(bindable)),
    run: (parameters: readonly unknown[]) => statement.run(...parameters.map(bindable)),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...parameters.map(bindable)),
  }
}

/** @throws TypeError for what no column holds: booleans, dates, objects, undefined */
function bindable(value: unknown): SQLInputValue {
  if (typeof value === 'string' || value === null || typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`a ${typeof value} cannot be stored`)
}
