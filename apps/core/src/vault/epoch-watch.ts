import type { Clock } from '../ground/clock.ts'
import type { Store } from '../store/store.ts'

/**
 * Knows whether the secrets of a workspace may have changed since they were opened. A change made anywhere is seen
 * within two seconds, sooner where a hint arrives; without the database nothing counts as unchanged (STO-28).
 */
export type EpochWatch = Readonly<{
  /** Resolves once what is cached of a workspace is known to be current; undefined when it is. */
  confirm: (workspaceId: string) => Promise<void> | undefined
  /** Looks at every watched workspace now. */
  wake: () => void
  forget: (workspaceId: string) => void
  clear: () => void
}>

const STALE_US = 2_000_000

type Seen = Readonly<{ epoch: number; confirmedAtUs: number }>

export function createEpochWatch(
  store: Pick<Store, 'query'>,
  clock: Pick<Clock, 'monotonicUs'>,
  changed: (workspaceId: string) => void,
): EpochWatch {
  const seen = new Map<string, Seen>()

  async function look(workspaceId: string): Promise<void> {
    const confirmedAtUs = clock.monotonicUs()
    const epoch = await store.query('secret.epoch', { workspaceId })
    const before = seen.get(workspaceId)
    seen.set(workspaceId, { epoch, confirmedAtUs })
    if (before && before.epoch !== epoch) changed(workspaceId)
  }

  return {
    confirm(workspaceId) {
      const last = seen.get(workspaceId)
      const isFresh = last && clock.monotonicUs() - last.confirmedAtUs < STALE_US
      return isFresh ? undefined : look(workspaceId)
    },
    wake() {
      for (const workspaceId of seen.keys()) {
        // A failed look confirms nothing, so the next use looks again itself.
        look(workspaceId).catch(() => undefined)
      }
    },
    forget: (workspaceId) => seen.delete(workspaceId),
    clear: () => seen.clear(),
  }
}
