import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'

/** Who has the directory; for people, never for a decision. */
const Holder = z.object({ pid: z.int(), host: z.string(), since: z.string() })
const UNKNOWN = { pid: 0, host: 'unknown', since: 'unknown' }

/**
 * Holds the data directory for this process (STO-11). The lock is an open exclusive transaction, which the kernel ends
 * with the process however it ends; a file with a process id alone would outlive a crash.
 *
 * @throws CoreError `data_dir_in_use`, with what the holder wrote about itself
 */
export function lockDirectory(directory: string, nowMs: number): Disposable {
  const notePath = join(directory, 'peta.lock.json')
  const lock = new DatabaseSync(join(directory, 'peta.lock.db'), { allowExtension: false })
  try {
    // Kept out of WAL: its readers and writers do not exclude each other.
    lock.exec('pragma journal_mode = delete; begin exclusive')
  } catch (cause) {
    lock.close()
    throw new CoreError('data_dir_in_use', readHolder(notePath), { cause })
  }
  const holder = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() }
  writeFileSync(notePath, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  return { [Symbol.dispose]: () => lock.close() }
}

/** The note may be missing or half-written while its holder starts. */
function readHolder(path: string): z.infer<typeof Holder> {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return UNKNOWN
  }
}
