import { sql } from 'kysely'

import { sha256Hex } from '../crypto/digest.ts'
import { CoreError } from '../ground/errors.ts'
import { migrations } from './migrations/index.ts'
import { sqlTypes, type Migration } from './migrations/migration.ts'
import type { Db } from './operation.ts'

export type MigrateOptions = Readonly<{
  engine: keyof typeof sqlTypes
  nowMs: number
  appVersion: string
  /** Runs the work in one transaction that no other process can run at the same time. */
  alone: (work: () => Promise<void>) => Promise<void>
  /** Called before the first change to a database that holds something. */
  beforeChange?: () => Promise<void>
  /** Those of the release; a test gives others. */
  migrations?: readonly Migration[]
}>

type Applied = Readonly<{
  version: number
  name: string
  checksum: string
  min_reader: number
  app_version: string
}>

type Step = Readonly<{ migration: Migration; statements: readonly string[]; checksum: string }>

/**
 * Brings the schema to this release, all steps or none (STO-50). Gives the names of the steps it took.
 *
 * @throws CoreError `migration_changed` when a step that ran was edited since, `schema_too_new` when a newer Peta
 *   wrote something that this one cannot read
 */
export async function migrate(db: Db, options: MigrateOptions): Promise<readonly string[]> {
  const { engine, alone, beforeChange } = options
  const steps = (options.migrations ?? migrations).map((one) => toStep(one, engine))
  let pending: readonly Step[] = []

  await alone(async () => {
    const applied = await readLedger(db, engine)
    pending = pendingSteps(steps, applied)
    if (pending.length > 0 && applied.length > 0) await beforeChange?.()
    for (const step of pending) await take(db, step, options)
  })
  return pending.map(({ migration }) => migration.name)
}

function toStep(migration: Migration, engine: keyof typeof sqlTypes): Step {
  const statements = migration.up(sqlTypes[engine])
  return { migration, statements, checksum: sha256Hex(statements.join(';\n')) }
}

async function readLedger(db: Db, engine: keyof typeof sqlTypes): Promise<readonly Applied[]> {
  const { text, int, tableEnd } = sqlTypes[engine]
  const ledger = `create table if not exists schema_migration (
    version ${int} not null,
    name ${text} not null,
    checksum ${text} not null,
    min_reader ${int} not null,
    applied_at ${int} not null,
    app_version ${text} not null,
    primary key (version)
  ) ${tableEnd}`
  await sql.raw(ledger).execute(db)
  return db
    .selectFrom('schema_migration')
    .select(['version', 'name', 'checksum', 'min_reader', 'app_version'])
    .orderBy('version')
    .execute()
}

function pendingSteps(steps: readonly Step[], applied: readonly Applied[]): readonly Step[] {
  const newest = steps.at(-1)?.migration.version ?? 0
  const tooNew = applied.find((row) => row.version > newest && row.min_reader > newest)
  if (tooNew) throw new CoreError('schema_too_new', { version: tooNew.app_version })

  const known = new Map(applied.map((row) => [row.version, row.checksum]))
  for (const { migration, checksum } of steps) {
    if ((known.get(migration.version) ?? checksum) === checksum) continue
    throw new CoreError('migration_changed', {
      migration: `${migration.version}-${migration.name}`,
    })
  }
  return steps.filter(({ migration }) => !known.has(migration.version))
}

async function take(
  db: Db,
  { migration, statements, checksum }: Step,
  { nowMs, appVersion }: Pick<MigrateOptions, 'nowMs' | 'appVersion'>,
): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await db
    .insertInto('schema_migration')
    .values({
      version: migration.version,
      name: migration.name,
      checksum,
      min_reader: migration.minReader,
      applied_at: nowMs,
      app_version: appVersion,
    })
    .execute()
}
