import type { Log } from '../../ground/log.ts'
import type { DataDirectory } from './data-directory.ts'

/** Knows whether there is room to go on (STO-13). */
export type SpaceWatch = Disposable &
  Readonly<{
    isFull: () => boolean
    /** A commit failed for want of room. */
    ranOut: () => void
    look: () => Promise<void>
  }>

export type SpaceLimits = Readonly<{ warnBytes: number; stopBytes: number }>

const spaceLimits: SpaceLimits = {
  warnBytes: 2 * 1024 ** 3,
  stopBytes: 256 * 1024 ** 2,
}

const LOOK_MS = 10_000

/**
 * Below the limit new calls are refused while administration and clean-up still work; when a commit finds no room at
 * all, the reserve is given up for that. It is taken again once there is room.
 */
export function watchSpace(
  { freeBytes, reserve }: Pick<DataDirectory, 'freeBytes' | 'reserve'>,
  log: Pick<Log, 'warn' | 'error'>,
  limits: SpaceLimits = spaceLimits,
): SpaceWatch {
  let isFull = false
  let isLow = false
  const timer = setInterval(() => void look(), LOOK_MS)
  timer.unref()

  async function look(): Promise<void> {
    const free = await freeBytes().catch(() => 0)
    if (free < limits.warnBytes && !isLow) log.warn({ freeBytes: free }, 'the disk is getting full')
    isLow = free < limits.warnBytes
    isFull = free < limits.stopBytes
    if (!isFull) reserve.hold()
  }

  return {
    isFull: () => isFull,
    ranOut() {
      if (!isFull) log.error('the disk is full; new calls are refused')
      isFull = true
      reserve.release()
    },
    look,
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
