import { expect, it } from 'vitest'

import { columns } from './columns.ts'
import { migrations } from './migrations/index.ts'
import { sqlTypes } from './migrations/migration.ts'
import { openSqlite } from './sqlite/database.ts'

/** Tables and their columns as the migrations make them. */
function migratedColumns(): Record<string, readonly string[]> {
  using sqlite = openSqlite(':memory:')
  for (const { up } of migrations) for (const sql of up(sqlTypes.sqlite)) sqlite.raw.exec(sql)
  const tables = sqlite.raw.prepare(`select name from sqlite_schema where type = 'table'`).all()
  return Object.fromEntries(
    tables.map(({ name }) => {
      const info = sqlite.raw.prepare('select name from pragma_table_info(?)').all(String(name))
      return [String(name), info.map((column) => String(column['name'])).toSorted()]
    }),
  )
}

it('says of every column of every table how private it is (STO-27)', () => {
  const declared = Object.entries(columns).map(([table, of]) => [table, Object.keys(of).toSorted()])
  // The ledger of migrations is made by the runner, before any of them.
  const { schema_migration: _ledger, ...rest } = Object.fromEntries(declared)
  expect(migratedColumns()).toEqual(rest)
})
