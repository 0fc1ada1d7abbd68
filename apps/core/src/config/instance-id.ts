import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { unwritable } from './unwritable.ts'

const ID = /^ins_[0-9a-f]{32}$/

/**
 * The name of this installation, kept in its data directory: what its audit logs, leases and child processes are known
 * by over restarts.
 *
 * @throws CoreError `data_dir_unwritable`, `storage_full`
 */
export async function readInstanceId(
  dataDir: string,
  newId: (prefix: string) => string,
): Promise<string> {
  const path = join(dataDir, 'instance.id')
  const known = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (ID.test(known)) return known
  const id = newId('ins')
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await writeFile(`${path}.new`, `${id}\n`, { mode: 0o600 })
    await rename(`${path}.new`, path)
  } catch (cause) {
    throw unwritable(dataDir, cause)
  }
  return id
}
