import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { openSqlite } from './database.ts'
import { setPragmas } from './pragmas.ts'

let home: string
let path: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'peta-pragmas-'))
  path = join(home, 'peta.db')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const everyConnection = { busy_timeout: 5000, foreign_keys: 1, trusted_schema: 0 }
const writer = {
  ...everyConnection,
  auto_vacuum: 2,
  journal_mode: 'wal',
  synchronous: 2,
  secure_delete: 1,
  wal_autocheckpoint: 1000,
  journal_size_limit: 67_108_864,
}

const readBack = (raw: DatabaseSync, wanted: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.keys(wanted).map((name) => {
      const [value] = Object.values(raw.prepare(`pragma ${name}`).get() ?? {})
      return [name, value]
    }),
  )

describe('a connection to a database file (STO-3)', () => {
  it('writes with every setting that durability rests on', () => {
    using sqlite = openSqlite(path)
    expect(readBack(sqlite.raw, writer)).toEqual(writer)
  })

  it('still has them in a file that an earlier run made', () => {
    {
      using sqlite = openSqlite(path)
      sqlite.raw.exec('create table kept (a integer)')
    }
    using again = openSqlite(path)
    expect(readBack(again.raw, writer)).toEqual(writer)
  })

  it('reads with its own settings, and cannot write', () => {
    using sqlite = openSqlite(path)
    sqlite.raw.exec('create table kept (a integer)')
    using reader = openSqlite(path, { readOnly: true })
    expect(readBack(reader.raw, everyConnection)).toEqual(everyConnection)
    expect(() => reader.raw.exec('insert into kept values (1)')).toThrow(/readonly/)
  })

  it('lets no statement rewrite the schema, and loads no extension', () => {
    using sqlite = openSqlite(path)
    sqlite.raw.exec('create table kept (a integer)')
    sqlite.raw.exec('pragma writable_schema = on')
    expect(() => sqlite.raw.exec(`update sqlite_schema set sql = ''`)).toThrow(
      /may not be modified/,
    )
    expect(() => sqlite.raw.exec(`select load_extension('x')`)).toThrow(/not authorized/)
    expect(() => sqlite.raw.enableLoadExtension(true)).toThrow(/disabled at/)
  })
})

/** A SQLite that has `setting` and does not hear of another. */
function deafTo(name: string, setting: string): DatabaseSync {
  const raw = new DatabaseSync(path)
  raw.exec(`pragma ${name} = ${setting}`)
  const exec = raw.exec.bind(raw)
  raw.exec = (sql) => {
    if (!sql.startsWith(`pragma ${name} =`)) exec(sql)
  }
  return raw
}

describe('a SQLite that ignores a setting (STO-3)', () => {
  it.each([
    ['busy_timeout', '1'],
    ['foreign_keys', 'off'],
    ['trusted_schema', 'on'],
    ['auto_vacuum', 'none'],
    ['journal_mode', 'delete'],
    ['synchronous', 'normal'],
    ['secure_delete', 'off'],
    ['wal_autocheckpoint', '0'],
    ['journal_size_limit', '-1'],
  ])('is refused by name: %s', (name, setting) => {
    using raw = deafTo(name, setting)
    expect(() => setPragmas(raw, { path, readOnly: false })).toThrow(
      expect.objectContaining({
        code: 'database_unsafe',
        facts: { problem: expect.stringContaining(` ${name} `) },
      }),
    )
  })

  it('is refused for a file whose first table came before the setting', () => {
    {
      using foreign = new DatabaseSync(path)
      foreign.exec('create table early (a integer)')
    }
    expect(() => openSqlite(path)).toThrow(
      expect.objectContaining({
        code: 'database_unsafe',
        facts: { problem: expect.stringContaining('auto_vacuum') },
      }),
    )
  })

  it('covers every setting of a writer', () => {
    using sqlite = openSqlite(path)
    const asked: string[] = []
    const exec = sqlite.raw.exec.bind(sqlite.raw)
    sqlite.raw.exec = (sql) => {
      asked.push(/^pragma (\w+) =/.exec(sql)?.[1] ?? sql)
      exec(sql)
    }
    setPragmas(sqlite.raw, { path, readOnly: false })
    const own = process.platform === 'darwin' ? ['fullfsync'] : []
    expect(asked.toSorted()).toEqual([...Object.keys(writer), 'page_size', ...own].toSorted())
  })
})
