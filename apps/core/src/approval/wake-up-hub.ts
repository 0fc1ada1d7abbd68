import type { Log } from '../ground/log.ts'
import type { Store } from '../store/store.ts'
import type { Approval } from './approval.ts'

/**
 * Tells those who wait that an approval changed. One query serves all of them, however many they are: after a hint,
 * and once a second when hints are lost (APR-45).
 */
export type WakeUpHub = Disposable &
  Readonly<{
    /** Calls back when the approval is newer than what was read, however soon after the reading that was. */
    onChange: (read: Seen, wake: () => void) => Disposable
  }>

type Seen = Pick<Approval, 'workspaceId' | 'id' | 'version' | 'nowMs'>
type Waiter = Readonly<{ workspaceId: string; version: number; wake: () => void }>

/** A change may commit later than it is dated by as much as a statement may last. */
const OVERLAP_MS = 15_000

export type HubDependencies = Readonly<{
  store: Pick<Store, 'query' | 'hints'>
  log: Pick<Log, 'warn'>
}>

export function createWakeUpHub({ store, log }: HubDependencies): WakeUpHub {
  const waiters = new Map<string, Set<Waiter>>()
  /** From when on changes may not have been seen by someone who waits. */
  let sinceMs = Number.POSITIVE_INFINITY

  async function look(): Promise<void> {
    if (waiters.size === 0) return
    const all = [...waiters.values()].flatMap((set) => [...set])
    const workspaceIds = [...new Set(all.map(({ workspaceId }) => workspaceId))]
    const { nowMs, changes } = await store.query('approval.changes', { workspaceIds, sinceMs })
    sinceMs = nowMs - OVERLAP_MS
    for (const { id, version } of changes) {
      for (const waiter of waiters.get(id) ?? []) if (waiter.version < version) waiter.wake()
    }
  }

  const hint = store.hints.on('approval', oneAtATime(look, log))

  return {
    onChange({ workspaceId, id, version, nowMs }, wake) {
      const waiter = { workspaceId, version, wake }
      const others = waiters.get(id) ?? new Set()
      waiters.set(id, others.add(waiter))
      sinceMs = Math.min(sinceMs, nowMs - OVERLAP_MS)
      return {
        [Symbol.dispose]() {
          others.delete(waiter)
          if (others.size === 0 && waiters.get(id) === others) waiters.delete(id)
        },
      }
    },
    [Symbol.dispose]: () => hint[Symbol.dispose](),
  }
}

/** Looks again right after a look that was under way when someone asked for one. */
function oneAtATime(look: () => Promise<void>, log: HubDependencies['log']): () => void {
  let isLooking = false
  let isWanted = false

  async function run(): Promise<void> {
    isLooking = true
    try {
      while (isWanted) {
        isWanted = false
        await look()
      }
    } catch (error) {
      log.warn(
        { err: error },
        'waiting approvals could not be looked at; the next hint tries again',
      )
    } finally {
      isLooking = false
    }
  }

  return () => {
    isWanted = true
    if (!isLooking) void run()
  }
}
