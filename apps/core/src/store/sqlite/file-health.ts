import { CoreError } from '../../ground/errors.ts'
import type { Log } from '../../ground/log.ts'

/** Whether the database file can still be trusted. */
export type FileHealth = Readonly<{
  /** @throws CoreError `store_unavailable` once it failed */
  check: () => void
  failed: (cause: unknown) => void
  hasFailed: () => boolean
}>

/** A database that failed to read or write is not used any more: what it holds next, nobody knows (STO-13). */
export function createFileHealth(
  log: Pick<Log, 'error'>,
  tell: ((cause: unknown) => void) | undefined,
): FileHealth {
  let hasFailed = false
  return {
    check() {
      if (hasFailed) throw new CoreError('store_unavailable')
    },
    failed(cause) {
      if (hasFailed) return
      hasFailed = true
      log.error({ err: cause }, 'the database file failed; nothing is written any more')
      tell?.(cause)
    },
    hasFailed: () => hasFailed,
  }
}
