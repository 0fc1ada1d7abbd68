import type { Clock } from '../ground/clock.ts'
import type { Timers } from '../ground/timers.ts'
import type { OpenListen } from './server-listen.ts'
import { createReopenWaits } from './reopen.ts'
import { refusalFrame } from './refusal-frame.ts'
import type { Channel } from './subscriptions.ts'

export type ModernChannelParts = Readonly<{
  /** Resolves once the server has acknowledged it. */
  open: (uris: readonly string[]) => Promise<OpenListen>
  /** It is open again, and something may have been missed in between. */
  missed: () => void
  clock: Pick<Clock, 'nowMs'>
  timers: Pick<Timers, 'after'>
}>

/** Asks a modern server for all resources at once, and anew when they become others (MCP-126). */
export function createModernChannel(parts: ModernChannelParts): Channel {
  const { open, missed, timers } = parts
  const wanted = new Set<string>()
  const waits = createReopenWaits(parts.clock)
  let current: OpenListen | undefined

  /** The new one stands before the old one goes, so that nothing falls in between. */
  const listen = inSharedTurns(async () => {
    const opened = wanted.size === 0 ? undefined : await open([...wanted])
    current?.[Symbol.dispose]()
    current = opened
    if (!opened) return
    waits.opened()
    void opened.ended.then(() => ended(opened))
  })

  function ended(which: OpenListen): void {
    if (which !== current) return
    current = undefined
    retry()
  }

  function retry(): void {
    timers.after(waits.nextMs(), () => {
      if (wanted.size > 0 && !current) listen().then(missed, retry)
    })
  }

  return {
    async begin(uri) {
      wanted.add(uri)
      try {
        await listen()
      } catch (error) {
        wanted.delete(uri)
        throw error
      }
      if (current?.honoured.has(uri)) return undefined
      wanted.delete(uri)
      return refusalFrame(INVALID_PARAMS, 'The server does not tell of this resource')
    },
    end(uri) {
      wanted.delete(uri)
      listen().catch(() => undefined)
    },
    close() {
      wanted.clear()
      current?.[Symbol.dispose]()
    },
  }
}

/** One at a time; those who come while one runs share the one after it. */
function inSharedTurns(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined

  return function run() {
    if (next) return next
    next = running.then(() => {
      next = undefined
      return work()
    })
    running = next.catch(() => undefined)
    return next
  }
}

const INVALID_PARAMS = -32_602
