import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { z } from 'zod'

import { CoreError, isCoreError } from '../../ground/errors.ts'
import { isLockedOut, storeError } from '../store-error.ts'

/** Who has the directory; for people, never for a decision. */
const Holder = z.object({ pid: z.int(), host: z.string(), since: z.string() })
const UNKNOWN = { pid: 0, host: 'unknown', since: 'unknown' }

/**
 * Holds the data directory for this process (STO-11). The lock is an open exclusive transaction, which the kernel ends
 * with the process however it ends; a file with a process id alone would outlive a crash.
 *
 * @throws CoreError `data_dir_in_use`, with what the holder wrote about itself; `data_dir_unwritable`, `storage_full`
 */
export function lockDirectory(directory: string, nowMs: number): Disposable {
  const notePath = join(directory, 'peta.lock.json')
  const lock = lockFile(directory, notePath)
  const holder = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() }
  try {
    writeFileSync(notePath, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  } catch {
    // NOTE: the lock holds without its note, and on a full disk Core says better what to do.
  }
  return { [Symbol.dispose]: () => lock.close() }
}

function lockFile(directory: string, notePath: string): DatabaseSync {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(join(directory, 'peta.lock.db'), { allowExtension: false })
    // Kept out of WAL: its readers and writers do not exclude each other.
    lock.exec('pragma journal_mode = delete; begin exclusive')
    return lock
  } catch (cause) {
    lock?.close()
    if (isLockedOut(cause)) throw new CoreError('data_dir_in_use', readHolder(notePath), { cause })
    const error = storeError(cause)
    if (isCoreError(error, 'storage_full')) throw error
    throw new CoreError('data_dir_unwritable', { path: directory }, { cause })
  }
}

/** The note may be missing or half-written while its holder starts. */
function readHolder(path: string): z.infer<typeof Holder> {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return UNKNOWN
  }
}
