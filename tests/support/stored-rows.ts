import { DatabaseSync } from 'node:sqlite'

/** Table name to its rows as text, sorted, so that two states of a file can be compared. */
export type StoredRows = Readonly<Record<string, readonly string[]>>

/** Reads the file past Core, which must not be running. */
export function storedRows(databasePath: string): StoredRows {
  using database = new DatabaseSync(databasePath)
  const names = database
    .prepare("select name from sqlite_master where type = 'table'")
    .all()
    .map(({ name }) => String(name))
  const rowsOf = (name: string): readonly string[] =>
    database
      .prepare(`select * from "${name}"`)
      .all()
      .map((row) => JSON.stringify(row))
      .toSorted()
  return Object.fromEntries(names.map((name) => [name, rowsOf(name)]))
}

/** Types of all entries of the audit log in their order, those of the deployment itself too, which no export shows. */
export function storedEntryTypes(databasePath: string): readonly string[] {
  using database = new DatabaseSync(databasePath)
  return database
    .prepare(
      'select e.type from audit_event e join audit_log l using (log_id) order by l.epoch, e.idx',
    )
    .all()
    .map(({ type }) => String(type))
}
