import { CompiledQuery, PostgresAdapter } from 'kysely'

import type { Db } from '../operation.ts'
import type { AuditEntryRow } from './audit-log.ts'

export type InsertEntries = (db: Db, rows: readonly AuditEntryRow[]) => Promise<void>

const COLUMNS = {
  log_id: 'text',
  idx: 'bigint',
  event_id: 'text',
  workspace_id: 'text',
  ts: 'bigint',
  type: 'text',
  outcome: 'text',
  actor_id: 'text',
  target: 'text',
  cause_id: 'text',
  body: 'bytea',
  leaf: 'bytea',
} as const satisfies Record<keyof AuditEntryRow, string>

const NAMES = Object.keys(COLUMNS)
const ROWS_PER_STATEMENT_MAX = 64

/**
 * Inserts entries in the way that is cheapest on each engine; the one statement of the hot path that is worth two
 * spellings (STO-2). Building a statement anew for every batch would cost more than running it.
 */
export function createInsertEntries(): InsertEntries {
  const compiled = new Map<number, CompiledQuery>()

  return async function insertEntries(db, rows) {
    if (db.getExecutor().adapter instanceof PostgresAdapter) {
      await db.executeQuery(unnest(rows))
      return
    }
    for (let at = 0; at < rows.length;) {
      const count = widestChunk(rows.length - at)
      const statement = compiled.get(count) ?? compileInsert(db, count)
      compiled.set(count, statement)
      const parameters = rows.slice(at, at + count).flatMap(valuesOf)
      await db.executeQuery({ ...statement, parameters })
      at += count
    }
  }
}

/** One array per column, so that the text of the statement never changes and the server parses twelve parameters. */
function unnest(rows: readonly AuditEntryRow[]): CompiledQuery {
  const arrays = Object.values(COLUMNS).map((type, at) => `$${at + 1}::${type}[]`)
  const values = rows.map(valuesOf)
  return CompiledQuery.raw(
    `insert into audit_event (${NAMES.join(', ')}) select * from unnest(${arrays.join(', ')})`,
    NAMES.map((_, column) => values.map((row) => row[column])),
  )
}

/** Powers of two, so that few different statements serve batches of every size. */
function widestChunk(left: number): number {
  let width = ROWS_PER_STATEMENT_MAX
  while (width > left) width /= 2
  return width
}

function compileInsert(db: Db, count: number): CompiledQuery {
  const blank: AuditEntryRow = {
    log_id: '',
    idx: 0,
    event_id: '',
    workspace_id: '',
    ts: 0,
    type: '',
    outcome: '',
    actor_id: '',
    target: '',
    cause_id: '',
    body: new Uint8Array(),
    leaf: new Uint8Array(),
  }
  return db
    .insertInto('audit_event')
    .values(Array.from({ length: count }, () => blank))
    .compile()
}

/** In the order of `COLUMNS`, which is that of the compiled statement too. */
const valuesOf = (row: AuditEntryRow): readonly unknown[] => [
  row.log_id,
  row.idx,
  row.event_id,
  row.workspace_id,
  row.ts,
  row.type,
  row.outcome,
  row.actor_id,
  row.target,
  row.cause_id,
  row.body,
  row.leaf,
]
