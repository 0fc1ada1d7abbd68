import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import { createBackoff, type Backoff } from './backoff.ts'
import type { Connection } from '../connection/connection.ts'
import type { InstanceKey, InstanceStatus, Place, PoolEvent } from './instance.ts'
import { createSlot, type Slot, type UseOf } from './slot.ts'
import type { Timers } from '../../ground/timers.ts'

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
      place: Place,
      work: (connection: Connection) => Promise<T>,
      signal: AbortSignal,
      of?: UseOf,
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

  function slotAt({ key, terms, name }: Place): Slot {
    if (isClosed) throw new CoreError('server_unavailable', { server: terms.server })
    return kept(slots, name, () => createSlot({ ...parts, key, terms, backoff: backoffOf(key) }))
  }

  /** A new definition or another credential is a new chance. */
  function backoffOf(key: InstanceKey): Backoff {
    const { workspaceId, serverId, version, credentialVersion } = key
    return kept(backoffs, `${workspaceId} ${serverId} ${version} ${credentialVersion}`, () =>
      createBackoff(parts.clock, parts.random),
    )
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
    use: (place, work, signal, of) => slotAt(place).use(work, signal, of),
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

function kept<V>(map: Map<string, V>, name: string, make: () => V): V {
  const known = map.get(name)
  if (known !== undefined) return known
  const made = make()
  map.set(name, made)
  return made
}
