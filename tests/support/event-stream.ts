import type { Owner } from './owner.ts'

export type SeenEvent = Readonly<{ id: string; type: string; target: unknown; approval: unknown }>

/** A watcher of a workspace's events, as a browser would be one. */
export type Watcher = Disposable &
  Readonly<{
    /** Waits for the next event that is wanted, and gives it with all that came before it. */
    until: (isWanted: (event: SeenEvent) => boolean) => Promise<readonly SeenEvent[]>
    /** Resolves when the server ends the stream. */
    ended: () => Promise<void>
  }>

/** Resolves once the server has said that it listens, so that what happens next is seen. */
export async function watchEvents(
  url: string,
  { workspace, token }: Pick<Owner, 'workspace'> & Readonly<{ token: string }>,
  lastEventId?: string,
): Promise<Watcher> {
  const leaving = new AbortController()
  const response = await fetch(`${url}/api/v1/workspaces/${workspace}/events`, {
    signal: leaving.signal,
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
  })
  if (!response.ok || !response.body) throw new Error(`no events: ${response.status}`)
  const blocks = blocksOf(response.body)
  await blocks.next()
  return {
    async until(isWanted) {
      const seen: SeenEvent[] = []
      for (;;) {
        const { value, done } = await blocks.next()
        if (done) throw new Error(`the stream ended after ${JSON.stringify(seen)}`)
        const event = parseEvent(value)
        if (!event) continue
        seen.push(event)
        if (isWanted(event)) return seen
      }
    },
    async ended() {
      while (!(await blocks.next()).done);
    },
    [Symbol.dispose]: () => leaving.abort(),
  }
}

export async function* blocksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    yield* blocks
  }
}

function parseEvent(block: string): SeenEvent | undefined {
  const lines = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ')
      return [line.slice(0, at), line.slice(at + 2)] as const
    }),
  )
  const [id, type, data] = ['id', 'event', 'data'].map((name) => lines.get(name))
  if (id === undefined || type === undefined || data === undefined) return undefined
  const { target, approval } = JSON.parse(data)
  return { id, type, target, approval }
}
