type Page<T> = Readonly<{ items: readonly T[]; next?: string | undefined }>

/** Reads a list to its end, page by page. */
export async function everyPage<T>(
  read: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const all: T[] = []
  let cursor: string | undefined
  do {
    const { items, next } = await read({ limit: PAGE, ...(cursor !== undefined && { cursor }) })
    all.push(...items)
    cursor = next
  } while (cursor !== undefined)
  return all
}

const PAGE = 200
