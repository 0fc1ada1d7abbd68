import type { DatabaseSync } from 'node:sqlite'

import { CoreError } from '../../ground/errors.ts'

type Pragma = readonly [name: string, value: string, reads: string | number]

const everyConnection: readonly Pragma[] = [
  ['busy_timeout', '5000', 5000],
  ['foreign_keys', 'on', 1],
  ['trusted_schema', 'off', 0],
]

/** What makes a COMMIT durable, and keeps deleted rows from staying in the file. */
const writerOnly: readonly Pragma[] = [
  // Takes effect before the first table or never.
  ['auto_vacuum', 'incremental', 2],
  ['journal_mode', 'wal', 'wal'],
  ['synchronous', 'full', 2],
  ['secure_delete', 'on', 1],
  ['wal_autocheckpoint', '1000', 1000],
  ['journal_size_limit', '67108864', 67_108_864],
]

/**
 * A quarter of a page is what an entry of a table without row ids may take before SQLite gives it a page of its own;
 * at the usual 4,096 bytes an entry of the audit log is just over that.
 */
const PAGE_BYTES = 8192

const IN_MEMORY = ':memory:'

/**
 * Sets what the promises of the store rest on, and reads each back (STO-3): a SQLite that ignores one is not used.
 *
 * @throws CoreError `database_unsafe`
 */
export function setPragmas(
  raw: DatabaseSync,
  { path, readOnly }: Readonly<{ path: string; readOnly: boolean }>,
): void {
  // Only a file that is about to be made takes it; the others keep theirs, so it is not read back.
  if (!readOnly) raw.exec(`pragma page_size = ${PAGE_BYTES}`)
  const pragmas = readOnly ? everyConnection : [...everyConnection, ...writerOnly]
  for (const [name, value, reads] of pragmas) {
    if (path === IN_MEMORY && name === 'journal_mode') continue
    setPragma(raw, [name, value, reads])
  }
  // The drive's own cache survives no power cut; only this call reaches behind it.
  if (process.platform === 'darwin') setPragma(raw, ['fullfsync', 'on', 1])
}

function setPragma(raw: DatabaseSync, [name, value, reads]: Pragma): void {
  raw.exec(`pragma ${name} = ${value}`)
  const row = raw.prepare(`pragma ${name}`).get() ?? {}
  const [found] = Object.values(row)
  if (found !== reads) {
    throw new CoreError('database_unsafe', {
      problem: `SQLite reads ${name} as ${String(found)} after it was set to ${value}.`,
    })
  }
}
