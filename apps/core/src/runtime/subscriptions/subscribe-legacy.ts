import type { ServerFrame } from '../../model/frame.ts'
import type { Channel } from './subscriptions.ts'

export type LegacyChannelParts = Readonly<{
  /** It tells of lists as well, so the stream is open even while nobody subscribes to a resource. */
  tellsOfLists: boolean
  ask: (method: string, params: object) => Promise<ServerFrame>
  /** Keeps the stream open on which updates come. */
  keepStream: () => Disposable
}>

/** Asks an older server for each resource by itself, one message after the other so that none overtakes (MCP-126). */
export function createLegacyChannel(parts: LegacyChannelParts): Channel {
  const { ask, keepStream, tellsOfLists } = parts
  const told = new Set<string>()
  let stream = tellsOfLists ? keepStream() : undefined
  let last: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }

  async function subscribe(uri: string): Promise<ServerFrame | undefined> {
    let isTold = false
    try {
      const answer = await ask('resources/subscribe', { uri })
      isTold = answer.code === undefined
      return isTold ? undefined : answer
    } finally {
      if (!isTold) forget(uri)
    }
  }

  function forget(uri: string): void {
    told.delete(uri)
    if (told.size === 0 && !tellsOfLists) closeStream()
  }

  function closeStream(): void {
    stream?.[Symbol.dispose]()
    stream = undefined
  }

  return {
    begin(uri) {
      told.add(uri)
      stream ??= keepStream()
      return inTurn(() => subscribe(uri))
    },
    end(uri) {
      forget(uri)
      inTurn(() => ask('resources/unsubscribe', { uri })).catch(() => undefined)
    },
    close: closeStream,
  }
}
