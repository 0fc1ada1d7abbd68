export type PageRequest = Readonly<{
  cursor?: string | undefined
  limit?: number | undefined
}>

export type Page<T> = { items: T[]; next?: string }

const LIMIT = 100

/**
 * One page of what is in memory, in the order of `keyOf`. A cursor is the key of the last item seen, and is
 * sealed on its way out and in by `list-cursors.ts`.
 */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { cursor, limit = LIMIT }: PageRequest,
): Page<T> {
  const sorted = all.toSorted((a, b) => compare(keyOf(a), keyOf(b)))
  const after = cursor === undefined ? sorted : sorted.filter((item) => keyOf(item) > cursor)
  const items = after.slice(0, limit)
  const last = items.at(-1)
  return last !== undefined && after.length > limit ? { items, next: keyOf(last) } : { items }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
