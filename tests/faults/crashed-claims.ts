import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { Client } from 'pg'

import type { TestCore } from '../support/core.ts'
import type { TestDatabase } from '../support/postgres.ts'

/** An approved call that a killed process had begun, as it was found on the disk. */
export type CrashedClaim = Readonly<{ id: string; isSent: boolean }>

const CLAIMED = `select id, coalesce(sent_fence = fence, false) as sent from approval where state = 'EXECUTING'`

/** Looks at what a crash left, and leaves it as it is for Core to find. */
export async function crashedClaims(
  { home }: Pick<TestCore, 'home'>,
  database: TestDatabase | undefined,
): Promise<readonly CrashedClaim[]> {
  const rows = database ? await fromPostgres(database) : await fromCopy(join(home, 'data', 'peta'))
  return rows.map(({ id, sent }) => ({ id: String(id), isSent: Boolean(sent) }))
}

type Row = Readonly<Record<string, unknown>>

/** Opening the file itself would recover it in Core's place. */
async function fromCopy(dataDir: string): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'peta-crash-'))
  try {
    for (const name of await readdir(dataDir)) {
      if (/^peta\.db(-wal)?$/.test(name)) await copyFile(join(dataDir, name), join(folder, name))
    }
    using copy = new DatabaseSync(join(folder, 'peta.db'))
    return copy.prepare(CLAIMED).all()
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function fromPostgres({ url }: TestDatabase): Promise<readonly Row[]> {
  const client = new Client(url)
  await client.connect()
  const { rows } = await client.query<Row>(CLAIMED)
  await client.end()
  return rows
}
