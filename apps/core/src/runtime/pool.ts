import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import { createBackoff, type Backoff } from './backoff.ts'
import type { Connection } from './connection.ts'
import type { InstanceKey, InstanceStatus, InstanceTerms, PoolEvent } from './instance.ts'
import { createSlot, type Slot } from './slot.ts'
import type { Timers } from '../ground/timers.ts'

/** Warm connections by key. No connection ever changes its key. */
export type Pool = AsyncDisposable &
  Readonly<{
    /**
     * Runs `work` on a ready connection, starting one if there is none.
     *
     * @throws CoreError `server_busy`, `server_unavailable`, `server_quarantined`, always before `work` began, and
     *   what `work` throws
     */
    use: <T>(
      key: InstanceKey,
      terms: InstanceTerms,
      work: (connection: Connection) => Promise<T>,
      signal: AbortSignal,
    ) => Promise<T>
    /** Ends every connection of a server and forgets its failures. What runs has so long to finish. */
    retire: (workspaceId: string, serverId: string, drainMs: number) => Promise<void>
    status: (workspaceId: string, serverId: string) => readonly InstanceStatus[]
  }>

export type PoolParts = Readonly<{
  clock: Clock
  timers: Timers
  random: () => number
  onEvent: (event: PoolEvent) => void
}>

const IDLE_SWEEP_MS = 5000

export function createPool(parts: PoolParts): Pool {
  const slots = new Map<string, Slot>()
  const backoffs = new Map<string, Backoff>()
  const draining = new Set<Slot>()
  let isClosed = false
  const idleSweep = parts.timers.every(IDLE_SWEEP_MS, () => {
    for (const [text, slot] of slots) if (slot.stopIfIdle()) slots.delete(text)
  })

  /** A new definition or another credential is a new chance. */
  function backoffOf(key: InstanceKey): Backoff {
    const text = `${key.workspaceId} ${key.serverId} ${key.version} ${key.credentialVersion}`
    return remember(backoffs, text, () => createBackoff(parts.clock, parts.random))
  }

  async function drop(
    victims: readonly (readonly [string, Slot])[],
    drainMs: number,
  ): Promise<void> {
    for (const [text] of victims) slots.delete(text)
    await Promise.all(victims.map(([, slot]) => end(slot, drainMs)))
  }

  async function end(slot: Slot, drainMs: number): Promise<void> {
    draining.add(slot)
    await slot.retire(drainMs)
    draining.delete(slot)
  }

  return {
    async use(key, terms, work, signal) {
      if (isClosed) throw new CoreError('server_unavailable', { server: terms.server })
      const slot = remember(slots, keyText(key), () =>
        createSlot({ ...parts, key, terms, backoff: backoffOf(key) }),
      )
      return slot.use(work, signal)
    },
    async retire(workspaceId, serverId, drainMs) {
      for (const text of backoffs.keys()) {
        if (text.startsWith(`${workspaceId} ${serverId} `)) backoffs.delete(text)
      }
      await drop(slotsOf(slots, workspaceId, serverId), drainMs)
    },
    status: (workspaceId, serverId) =>
      slotsOf(slots, workspaceId, serverId).map(([, slot]) => slot.status()),
    async [Symbol.asyncDispose]() {
      isClosed = true
      idleSweep[Symbol.dispose]()
      await Promise.all([drop([...slots], 0), ...[...draining].map((slot) => end(slot, 0))])
    },
  }
}

const slotsOf = (
  slots: ReadonlyMap<string, Slot>,
  workspaceId: string,
  serverId: string,
): readonly (readonly [string, Slot])[] =>
  [...slots].filter(([, { key }]) => key.workspaceId === workspaceId && key.serverId === serverId)

const keyText = (key: InstanceKey): string =>
  `${key.workspaceId} ${key.serverId} ${key.version} ${key.credentialVersion} ${key.principal} ${key.asks} ${key.lane}`

function remember<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
