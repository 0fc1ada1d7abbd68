import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { CoreError } from '../../ground/errors.ts'
import { lockDirectory } from './directory-lock.ts'
import { refuseUnsafeFileSystem } from './file-system.ts'
import { createReserve, type Reserve } from './reserve.ts'

/** The data directory, held by this process alone. It contains no key that opens the vault (STO-10). */
export type DataDirectory = Disposable &
  Readonly<{
    databasePath: string
    reserve: Reserve
    freeBytes: () => Promise<number>
  }>

export type DataDirectoryOptions = Readonly<{
  dataDir: string
  allowUnsafeFilesystem: boolean
  reserveBytes: number
  nowMs: number
}>

const OWNER_ONLY = 0o700

/**
 * @throws CoreError `data_dir_unwritable`, `filesystem_unsafe`, `data_dir_in_use`
 */
export function openDataDirectory(options: DataDirectoryOptions): DataDirectory {
  const { dataDir, allowUnsafeFilesystem, reserveBytes, nowMs } = options
  makeWritable(dataDir)
  refuseUnsafeFileSystem(dataDir, allowUnsafeFilesystem)
  const lock = lockDirectory(dataDir, nowMs)
  const reserve = createReserve(join(dataDir, 'reserve.bin'), reserveBytes)
  if (freeOf(statfsSync(dataDir)) > reserveBytes) reserve.hold()
  return {
    databasePath: join(dataDir, 'peta.db'),
    reserve,
    freeBytes: async () => freeOf(await statfs(dataDir)),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  }
}

/**
 * Holds the directory of a Core whose data is elsewhere. What is in it names this installation: two processes with one
 * name would end each other's servers and take each other's audit log over.
 *
 * @throws CoreError `data_dir_unwritable`, `data_dir_in_use`
 */
export function holdDirectory(dataDir: string, nowMs: number): Disposable {
  makeWritable(dataDir)
  return lockDirectory(dataDir, nowMs)
}

function makeWritable(dataDir: string): void {
  try {
    makeDirectory(dataDir)
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new CoreError('data_dir_unwritable', { path: dataDir }, { cause })
  }
}

/** One by one: where a directory cannot be, as under /proc, `recursive` tries for ever. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  mkdirSync(path, { mode: OWNER_ONLY })
}

const freeOf = ({ bavail, bsize }: Readonly<{ bavail: number; bsize: number }>): number =>
  bavail * bsize
