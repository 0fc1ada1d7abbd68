/** Column types by engine. Text sorts by code point on both (STO-24). */
export type SqlTypes = Readonly<{
  text: string
  /** 64-bit; epoch ms, counters, and booleans as 0 or 1. */
  int: string
  bytes: string
  /** What follows the closing parenthesis of `create table`. */
  tableEnd: string
}>

export const sqlTypes: Readonly<Record<'sqlite' | 'postgres', SqlTypes>> = {
  sqlite: { text: 'text', int: 'integer', bytes: 'blob', tableEnd: 'strict, without rowid' },
  postgres: { text: 'text collate "C"', int: 'bigint', bytes: 'bytea', tableEnd: '' },
}

/**
 * One step forward; there is no way back (STO-50). Once released a migration is never edited: its checksum is
 * kept in the database. Numbers are unique and ascending, one file each.
 */
export type Migration = Readonly<{
  version: number
  name: string
  /** The oldest schema version whose code can read the database after this step. */
  minReader: number
  up: (types: SqlTypes) => readonly string[]
}>
