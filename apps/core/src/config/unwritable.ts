import { CoreError } from '../ground/errors.ts'

/** Why a file of ours could not be written into the data directory: there is no room, or it may not be written at all. */
export function unwritable(dataDir: string, cause: unknown): CoreError {
  const isFull = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC'
  if (isFull) return new CoreError('storage_full', {}, { cause })
  return new CoreError('data_dir_unwritable', { path: dataDir }, { cause })
}
