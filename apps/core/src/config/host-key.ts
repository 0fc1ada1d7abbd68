import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { unwritable } from './unwritable.ts'

const KEY_BYTES = 32

/**
 * Writes a new key into the data directory, readable by its owner alone. Whoever can read it has the host anyway;
 * sending it back is how the command line proves that. It lives as long as this process.
 *
 * @throws CoreError `data_dir_unwritable`, `storage_full`
 */
export async function writeHostKey(dataDir: string): Promise<string> {
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString('base64url')
  const path = join(dataDir, 'host.key')
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await writeFile(`${path}.new`, `${key}\n`, { mode: 0o600 })
    await chmod(`${path}.new`, 0o600)
    await rename(`${path}.new`, path)
  } catch (cause) {
    throw unwritable(dataDir, cause)
  }
  return key
}
