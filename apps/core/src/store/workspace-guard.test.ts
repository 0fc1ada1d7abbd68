import { sql, type Kysely } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'

import { exemptTables } from './exempt-tables.ts'
import { crossWorkspace } from './operations.ts'
import { openSqlite } from './sqlite/database.ts'
import { migrateSqlite } from './sqlite/migrate-sqlite.ts'

const sqlite = openSqlite(':memory:')
await migrateSqlite(sqlite, { path: ':memory:', nowMs: 0, appVersion: 'test' })

type Column = Readonly<{ name: string; pk: number; type: string }>
const tableNames = sqlite.raw
  .prepare(`select name from sqlite_master where type = 'table' order by name`)
  .all()
  .map(({ name }) => String(name))
const workspaceTables = tableNames.filter((name) => !exemptTables.has(name))

// oxlint-disable-next-line typescript/no-explicit-any, typescript/no-unsafe-type-assertion -- tables are taken from the schema
const db = sqlite.db as unknown as Kysely<any>

const columnsOf = (table: string): readonly Column[] =>
  sqlite.raw
    .prepare(`select name, pk, type from pragma_table_info(?)`)
    .all(table)
    .map((row) => ({ name: String(row['name']), pk: Number(row['pk']), type: String(row['type']) }))

const refusal = { code: 'tenant_predicate_missing' }
const workspaceId = 'wsp_1'

afterAll(() => sqlite[Symbol.dispose]())

describe('the schema', () => {
  it('has workspace tables and every exempt one that exists', () => {
    expect(workspaceTables.length).toBeGreaterThan(10)
    expect(tableNames).toContain('audit_event')
  })

  it.each(workspaceTables)(
    'has the workspace first in every key and index of %s (STO-20)',
    (table) => {
      expect(columnsOf(table).find(({ pk }) => pk === 1)?.name).toBe('workspace_id')
      const indexes = sqlite.raw.prepare('select name from pragma_index_list(?)').all(table)
      for (const { name } of indexes) {
        const [first] = sqlite.raw
          .prepare('select name from pragma_index_info(?)')
          .all(String(name))
        expect([table, name, first?.['name']]).toEqual([table, name, 'workspace_id'])
      }
    },
  )

  it.each(tableNames)('stores %s strictly (STO-4)', (table) => {
    const [row] = sqlite.raw.prepare('select strict from pragma_table_list(?)').all(table)
    expect(row).toEqual({ strict: 1 })
  })

  it('has no foreign key that crosses workspaces (STO-20)', () => {
    const keys = workspaceTables
      .map((table) =>
        sqlite.raw.prepare('select "from" from pragma_foreign_key_list(?)').all(table),
      )
      .filter((columns) => columns.length > 0)
    expect(keys.filter((key) => !key.some((row) => row['from'] === 'workspace_id'))).toEqual([])
  })
})

describe.each(workspaceTables)('statements on %s (STO-21)', (table) => {
  const columns = columnsOf(table)
  const [other] = columns.filter(({ name }) => name !== 'workspace_id').map(({ name }) => name)
  const column = other ?? ''
  const row = Object.fromEntries(columns.map(({ name, type }) => [name, type === 'TEXT' ? 'x' : 1]))
  const { workspace_id: _, ...rowWithoutWorkspace } = row

  it('are refused when they name no workspace', async () => {
    const refused = [
      () => db.selectFrom(table).selectAll().execute(),
      () => db.selectFrom(table).selectAll().where(column, '=', 'x').execute(),
      () => db.selectFrom(table).selectAll().where('workspace_id', '!=', workspaceId).execute(),
      () => db.selectFrom(table).selectAll().where('workspace_id', 'in', [workspaceId]).execute(),
      () => db.selectFrom(table).selectAll().where('workspace_id', 'is not', null).execute(),
      () =>
        db
          .updateTable(table)
          .set({ [column]: 'x' })
          .execute(),
      () =>
        db
          .updateTable(table)
          .set({ [column]: 'x' })
          .where(column, '=', 'x')
          .execute(),
      () => db.deleteFrom(table).execute(),
      () => db.deleteFrom(table).where(column, '=', 'x').execute(),
      () => db.insertInto(table).values(rowWithoutWorkspace).execute(),
    ]
    for (const run of refused) await expect((async () => run())()).rejects.toMatchObject(refusal)
  })

  it('pass when they name one', async () => {
    const found = db.selectFrom(table).selectAll().where('workspace_id', '=', workspaceId)
    expect(await found.execute()).toEqual([])
    const gone = db.deleteFrom(table).where('workspace_id', '=', workspaceId)
    expect(await gone.execute()).toHaveLength(1)
  })

  it('never move a row to another workspace', async () => {
    const move = db
      .updateTable(table)
      .set({ workspace_id: 'wsp_2' })
      .where('workspace_id', '=', workspaceId)
    await expect((async () => move.execute())()).rejects.toMatchObject(refusal)
  })
})

describe('statements that hide a table (STO-21)', () => {
  const [one = '', two = ''] = workspaceTables
  const run = (make: () => Readonly<{ compile: () => unknown }>) => () => make().compile()
  const ofOne = () => db.selectFrom(one).where(`${one}.workspace_id`, '=', workspaceId)

  it.each<readonly [string, () => Readonly<{ compile: () => unknown }>]>([
    [
      'in a join',
      () =>
        ofOne()
          .innerJoin(two, (join) => join.onTrue())
          .selectAll(),
    ],
    [
      'behind a left join whose condition filters only the other',
      () =>
        db
          .selectFrom(one)
          .leftJoin(two, (join) =>
            join
              .onRef(`${two}.workspace_id`, '=', `${one}.workspace_id`)
              .on(`${two}.workspace_id`, '=', workspaceId),
          )
          .selectAll(),
    ],
    [
      'under or',
      () =>
        db
          .selectFrom(one)
          .selectAll()
          .where((eb) => eb.or([eb('workspace_id', '=', workspaceId), eb(sql.lit(1), '=', 1)])),
    ],
    [
      'under not',
      () =>
        db
          .selectFrom(one)
          .selectAll()
          .where((eb) => eb.not(eb('workspace_id', '=', workspaceId))),
    ],
    [
      'in a predicate',
      () =>
        ofOne()
          .selectAll()
          .where((eb) => eb.exists(eb.selectFrom(two).select(sql.lit(1).as('n')))),
    ],
    [
      'in a column',
      () => ofOne().select((eb) => eb.selectFrom(two).select('workspace_id').as('n')),
    ],
    [
      'in the place of a table',
      () => db.selectFrom((eb) => eb.selectFrom(two).selectAll().as('inner')).selectAll(),
    ],
    [
      'in a union',
      () =>
        ofOne()
          .select('workspace_id')
          .union((eb) => eb.selectFrom(two).select('workspace_id')),
    ],
    [
      'in a with',
      () =>
        db
          .with('w', (w) => w.selectFrom(two).selectAll())
          .selectFrom('w')
          .selectAll(),
    ],
    [
      'in an insert from a select',
      () =>
        db
          .insertInto(one)
          .columns(['workspace_id'])
          .expression((eb) => eb.selectFrom(two).select('workspace_id')),
    ],
    ['in raw text', () => ofOne().select(sql`(select count(*) from ${sql.table(two)})`.as('n'))],
    [
      'in a comparison with a null workspace',
      () => db.selectFrom(one).selectAll().where('workspace_id', '=', null),
    ],
  ])('%s are refused', (_, make) => {
    expect(run(make)).toThrow(expect.objectContaining(refusal))
  })

  it('refuses raw statements', async () => {
    await expect((async () => sql`select 1`.execute(db))()).rejects.toMatchObject(refusal)
  })

  it('follows a workspace through joins and inner statements', () => {
    const joined = ofOne()
      .innerJoin(two, `${two}.workspace_id`, `${one}.workspace_id`)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom(`${two} as inner`)
            .whereRef('inner.workspace_id', '=', `${one}.workspace_id`)
            .select(sql.lit(1).as('n')),
        ),
      )
      .selectAll()
    expect(run(() => joined)).not.toThrow()
  })

  it('does not take an outer workspace for an inner table of the same name', () => {
    const shadowed = ofOne().where((eb) => eb.exists(eb.selectFrom(one).select(sql.lit(1).as('n'))))
    expect(run(() => shadowed.selectAll())).toThrow(expect.objectContaining(refusal))
  })
})

describe('operations about all workspaces', () => {
  it('are a list that a review has seen (STO-21)', () => {
    expect([...crossWorkspace]).toEqual([])
  })
})
