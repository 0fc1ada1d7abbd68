import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import { migrate, type MigrateOptions } from '../migrate.ts'
import type { SqliteConnection } from './database.ts'

type Options = Pick<MigrateOptions, 'appVersion' | 'nowMs' | 'migrations'> &
  Readonly<{ path: string }>

const COPIES_KEPT = 3

/**
 * Migrates a file that nobody else has open for writing. Before a database that holds something changes, a copy is put
 * beside it, and the last three are kept, so that there is a way back (STO-52).
 */
export const migrateSqlite = (
  { raw, unguarded }: SqliteConnection,
  { path, ...options }: Options,
): Promise<readonly string[]> =>
  migrate(unguarded, {
    ...options,
    engine: 'sqlite',
    async alone(work) {
      // Everything into the file itself, which is then whole without its WAL.
      raw.exec('pragma wal_checkpoint(truncate)')
      raw.exec('begin immediate')
      try {
        await work()
        raw.exec('commit')
      } catch (error) {
        if (raw.isTransaction) raw.exec('rollback')
        throw error
      }
    },
    async beforeChange() {
      copyFileSync(path, `${path}.before-${options.nowMs}`)
      dropOldCopies(path)
    },
  })

/** The instant in a copy's name has the same number of digits for centuries, so names sort by age. */
function dropOldCopies(path: string): void {
  const prefix = `${basename(path)}.before-`
  const copies = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix))
  for (const name of copies.toSorted().slice(0, -COPIES_KEPT)) rmSync(join(dirname(path), name))
}
