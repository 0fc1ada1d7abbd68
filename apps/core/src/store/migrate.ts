import { sql } from 'kysely'

import { sha256Hex } from '../crypto/digest.ts'
import { CoreError } from '../ground/errors.ts'
import { migrations } from './migrations/index.ts'
import { sqlTypes, type Migration } from './migrations/migration.ts'
import type { Db } from './operation.ts'

type Engine = keyof typeof sqlTypes

export type MigrateOptions = Readonly<{
  engine: Engine
  nowMs: number
  appVersion: string
  /** Runs the steps of one migration in one transaction. */
  transaction: (work: () => Promise<void>) => Promise<void>
  migrations?: readonly Migration[]
}>

type Applied = Readonly<{ version: number; name: string; checksum: string; min_reader: number }>

/**
 * Brings the schema forward, one transaction a step (STO-50). Returns the names of the steps it took.
 *
 * @throws CoreError `migration_changed` when a step that ran was edited since, `schema_too_new` when a newer Peta
 *   wrote something that this one cannot read
 */
export async function migrate(db: Db, options: MigrateOptions): Promise<readonly string[]> {
  const steps = options.migrations ?? migrations
  await createLedger(db, options.engine)
  const applied = await readLedger(db)
  refuseUnknown(applied, steps)
  const done = new Map(applied.map((row) => [row.version, row]))

  const taken: string[] = []
  for (const step of steps) {
    const statements = step.up(sqlTypes[options.engine])
    const checksum = sha256Hex(Buffer.from(statements.join(';\n')))
    const row = done.get(step.version)
    if (row && row.checksum !== checksum) {
      throw new CoreError('migration_changed', { migration: `${step.version}-${step.name}` })
    }
    if (row) continue
    await options.transaction(async () => {
      for (const statement of statements) await sql.raw(statement).execute(db)
      await recordStep(db, step, { ...options, checksum })
    })
    taken.push(step.name)
  }
  return taken
}

async function createLedger(db: Db, engine: Engine): Promise<void> {
  const { text, int, tableEnd } = sqlTypes[engine]
  await sql
    .raw(
      `create table if not exists schema_migration (
        version ${int} not null,
        name ${text} not null,
        checksum ${text} not null,
        min_reader ${int} not null,
        applied_at ${int} not null,
        app_version ${text} not null,
        primary key (version)
      ) ${tableEnd}`,
    )
    .execute(db)
}

const readLedger = async (db: Db): Promise<readonly Applied[]> =>
  (
    await sql<Applied>`select version, name, checksum, min_reader from schema_migration order by version`.execute(
      db,
    )
  ).rows

function refuseUnknown(applied: readonly Applied[], steps: readonly Migration[]): void {
  const newest = steps.at(-1)?.version ?? 0
  const tooNew = applied.find((row) => row.version > newest && row.min_reader > newest)
  if (tooNew) throw new CoreError('schema_too_new', { version: `with schema ${tooNew.min_reader}` })
}

const recordStep = async (
  db: Db,
  step: Migration,
  {
    nowMs,
    appVersion,
    checksum,
  }: Readonly<{ nowMs: number; appVersion: string; checksum: string }>,
): Promise<void> =>
  void (await sql`insert into schema_migration (version, name, checksum, min_reader, applied_at, app_version)
    values (${step.version}, ${step.name}, ${checksum}, ${step.minReader}, ${nowMs}, ${appVersion})`.execute(
    db,
  ))
