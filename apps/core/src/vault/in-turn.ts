/** Runs pieces of work with the same key one after the other. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>

export function createInTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>()

  return function inTurn(key, work) {
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work)
    last.set(key, turn)
    const clear = (): void => {
      if (last.get(key) === turn) last.delete(key)
    }
    turn.then(clear, clear)
    return turn
  }
}
