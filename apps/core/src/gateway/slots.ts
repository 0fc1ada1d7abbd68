import { CoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'
import type { Viewer } from './lists/views.ts'

/** Counts what runs at once, per key; over the cap the newest is refused (SEC-90). */
export type Slots = Readonly<{
  /** Gives the slot back. @throws CoreError `calls_limited` */
  take: (key: string, max: number) => () => void
}>

export function createSlots(): Slots {
  const taken = new Map<string, number>()

  return {
    take(key, max) {
      const count = taken.get(key) ?? 0
      if (count >= max) throw new CoreError('calls_limited', { callsMax: max })
      taken.set(key, count + 1)
      return () => {
        const left = (taken.get(key) ?? 1) - 1
        if (left === 0) taken.delete(key)
        else taken.set(key, left)
      }
    },
  }
}

/** One of the slots that an agent has at all, and one of those that the profile gives it. @throws CoreError `calls_limited` */
export function takeSlot(slots: Slots, { principal, profile }: Viewer): () => void {
  const { id } = principal.agent
  const giveBack = slots.take(id, limits.callsPerPrincipalMax)
  if (profile?.callsMax === undefined) return giveBack
  try {
    const giveBackHere = slots.take(`${id} ${profile.name}`, profile.callsMax)
    return () => {
      giveBackHere()
      giveBack()
    }
  } catch (error) {
    giveBack()
    throw error
  }
}
