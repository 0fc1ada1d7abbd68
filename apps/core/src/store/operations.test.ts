import { readFileSync, globSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'

import type { Operation } from './operation.ts'
import { commands, queries } from './operations.ts'
import { runCommand } from './run-named.ts'
import { openSqlite, type SqliteConnection } from './sqlite/database.ts'
import { migrateSqlite } from './sqlite/migrate-sqlite.ts'
import type { CommandName } from './store.ts'

const named = Object.entries<Pick<Operation<unknown, unknown>, 'args'>>({ ...queries, ...commands })

/** What arguments may be made of: all of it is data, and none of it lets anything through unread. */
const PLAIN = ['string', 'number', 'boolean', 'undefined', 'enum', 'never'] as const
const plain: ReadonlySet<string> = new Set(PLAIN)

/** The kinds in a schema that are not plain, strict data; bytes are the one class that may cross a thread. */
function oddities(schema: unknown): readonly string[] {
  if (!(schema instanceof z.ZodType)) return ['no schema']
  if (schema instanceof z.ZodObject) {
    const isStrict = schema.def.catchall instanceof z.ZodNever
    return [...(isStrict ? [] : ['open object']), ...Object.values(schema.shape).flatMap(oddities)]
  }
  if (schema instanceof z.ZodArray) return oddities(schema.element)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return oddities(schema.unwrap())
  }
  if (plain.has(schema.def.type) || isBytes(schema)) return []
  return [schema.def.type]
}

const isBytes = (schema: z.ZodType): boolean =>
  schema.def.type === 'custom' &&
  schema.safeParse(new Uint8Array(32)).success &&
  ![{}, [], 'x', 1, () => 1, new Date()].some((other) => schema.safeParse(other).success)

describe('operations (STO-30)', () => {
  it.each(named)('%s takes plain arguments, and none that it does not name', (_, { args }) => {
    expect(oddities(args)).toEqual([])
  })

  it.each([
    ['no schema', undefined],
    ['open object', z.object({ a: z.string() })],
    ['function', z.strictObject({ a: z.array(z.function()) })],
    ['unknown', z.strictObject({ a: z.unknown().optional() })],
    ['any', z.strictObject({ a: z.any() })],
    ['date', z.strictObject({ a: z.date().nullable() })],
    ['custom', z.strictObject({ a: z.custom<object>(() => true) })],
  ])('would be found with %s', (kind, args) => {
    expect(oddities(args)).toEqual([kind])
  })

  it('have one name each, for reading or for writing', () => {
    expect(new Set(named.map(([name]) => name)).size).toBe(
      Object.keys(queries).length + Object.keys(commands).length,
    )
  })
})

describe('a named command (STO-30)', () => {
  let sqlite: SqliteConnection
  beforeEach(async () => {
    sqlite = openSqlite(':memory:')
    await migrateSqlite(sqlite, { path: ':memory:', nowMs: 0, appVersion: 'test' })
  })
  afterEach(() => sqlite[Symbol.dispose]())

  const lease = { name: 'l', owner: 'o', ttlMs: 1 }
  const run = (name: CommandName, args: unknown) => runCommand(sqlite, { name, args, nowMs: 0 })
  const leases = () => sqlite.raw.prepare('select name from lease').all()

  it.each([
    ['an argument too many', { ...lease, where: '1 = 1' }],
    ['an argument too few', { name: 'l', owner: 'o' }],
    ['another type', { ...lease, ttlMs: '1' }],
    ['no arguments at all', undefined],
  ])('is refused before a statement runs, with %s', async (_, args) => {
    await expect(run('lease.acquire', args)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(leases()).toEqual([])
  })

  it.each(['lease.steal', 'toString', '__proto__'])(
    'is not %j, which nobody declared',
    async (name) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a defect would pass
      await expect(run(name as CommandName, lease)).rejects.toThrow(TypeError)
    },
  )
})

it('opens one connection that writes, in the thread that owns it (STO-30)', () => {
  const folder = join(import.meta.dirname, 'sqlite')
  const writers = globSync('*.ts', { cwd: folder })
    .filter((file) => !file.endsWith('.test.ts'))
    .filter((file) =>
      /(?<!function )openSqlite\((?!.*readOnly: true)/.test(
        readFileSync(join(folder, file), 'utf8'),
      ),
    )
  expect(writers).toEqual(['writer-thread.ts'])
})
