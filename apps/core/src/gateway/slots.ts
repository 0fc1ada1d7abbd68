import { CoreError } from '../ground/errors.ts'

/** Counts what runs at once, per key; over the cap the newest is refused (SEC-90). */
export type Slots = Readonly<{
  /** Gives the slot back. @throws CoreError `calls_limited` */
  take: (key: string) => () => void
}>

export function createSlots(max: number): Slots {
  const taken = new Map<string, number>()

  return {
    take(key) {
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
