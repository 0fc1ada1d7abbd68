/** Spreads uses over a few numbered places, so that each has one at a time as long as there are places. */
export type Lanes = Readonly<{
  /** Runs `work` on the place of `key` that is used least. */
  use: <T>(key: string, work: (lane: number) => Promise<T>) => Promise<T>
}>

export function createLanes(count: number): Lanes {
  const used = new Map<string, number[]>()

  return {
    async use(key, work) {
      const uses = used.get(key) ?? Array.from({ length: count }, () => 0)
      used.set(key, uses)
      const lane = uses.indexOf(Math.min(...uses))
      uses[lane] = (uses[lane] ?? 0) + 1
      try {
        return await work(lane)
      } finally {
        uses[lane] = (uses[lane] ?? 1) - 1
        if (uses.every((use) => use === 0)) used.delete(key)
      }
    },
  }
}
