import type { Timers } from '../../ground/timers.ts'
import type { ServerFrame } from '../../model/frame.ts'

/** A resource has changed, under the URI that the client knows. */
export type Update = Readonly<{
  uri: string
  frame: ServerFrame
  /** Asked as late as can be: what was readable when it changed may not be any more. */
  mayTell: () => boolean
}>

/** Changes of resources on their way to one client. */
export type Updates = Readonly<{ note: (update: Update) => void; flush: () => void }>

/** A resource that changes all the time is told of four times a second (MCP-127). */
const GATHER_MS = 250
/** As many as can be subscribed to; a server that names ever other parts of them is not followed further. */
const WAITING_MAX = 1000

/** `tell` gives false when the client cannot be told now; then it is with the next `flush`. */
export function createUpdates(
  timers: Pick<Timers, 'after'>,
  tell: (update: Update) => boolean,
): Updates {
  const waiting = new Map<string, Update>()
  let gathering: Disposable | undefined

  function flush(): void {
    gathering?.[Symbol.dispose]()
    gathering = undefined
    for (const [uri, update] of waiting) {
      if (!update.mayTell() || tell(update)) waiting.delete(uri)
    }
  }

  return {
    note(update) {
      if (waiting.size >= WAITING_MAX && !waiting.has(update.uri)) return
      waiting.set(update.uri, update)
      gathering ??= timers.after(GATHER_MS, flush)
    },
    flush,
  }
}
