import type { Clock } from '../../ground/clock.ts'
import { isCoreError } from '../../ground/errors.ts'
import type { Timers } from '../../ground/timers.ts'
import type { OpenListen } from './server-listen.ts'
import { createReopenWaits } from '../connection/reopen.ts'
import { refusalFrame } from '../connection/refusal-frame.ts'
import type { Channel } from './subscriptions.ts'

export type ModernChannelParts = Readonly<{
  /** It tells of lists as well, so it is asked even while nobody subscribes to a resource. */
  tellsOfLists: boolean
  /** Resolves once the server has acknowledged it. */
  open: (uris: readonly string[]) => Promise<OpenListen>
  /** It is open again, and something may have been missed in between. */
  missed: () => void
  clock: Pick<Clock, 'nowMs'>
  timers: Pick<Timers, 'after'>
}>

/** Asks a modern server for its lists and all resources at once, and anew when these become others (MCP-126). */
export function createModernChannel(parts: ModernChannelParts): Channel {
  const { tellsOfLists } = parts
  const wanted = new Set<string>()
  const isWanted = (): boolean => tellsOfLists || wanted.size > 0
  const listening = keepListening(parts, () => (isWanted() ? [...wanted] : undefined))
  if (tellsOfLists) listening.begin()

  return {
    async begin(uri) {
      wanted.add(uri)
      try {
        await listening.renew()
      } catch (error) {
        wanted.delete(uri)
        throw error
      }
      if (listening.isTold(uri)) return undefined
      wanted.delete(uri)
      return refusalFrame(INVALID_PARAMS, 'The server does not tell of this resource')
    },
    end(uri) {
      wanted.delete(uri)
      listening.renew().catch(() => undefined)
    },
    close: listening.close,
  }
}

type Listening = Readonly<{
  begin: () => void
  /** Resolves once the server tells of what is wanted now, and of nothing else. */
  renew: () => Promise<void>
  isTold: (uri: string) => boolean
  close: () => void
}>

/** One listen, opened again whenever it ended while something is wanted. */
function keepListening(
  { open, missed, clock, timers }: ModernChannelParts,
  wanted: () => readonly string[] | undefined,
): Listening {
  const waits = createReopenWaits(clock)
  let current: OpenListen | undefined
  let waiting: Disposable | undefined
  let isOver = false

  /** The new one stands before the old one goes, so that nothing falls in between. */
  const renew = inSharedTurns(async () => {
    const uris = isOver ? undefined : wanted()
    const opened = uris && (await open(uris))
    current?.[Symbol.dispose]()
    current = opened
    if (!opened) return
    if (isOver) return opened[Symbol.dispose]()
    waits.opened()
    void opened.ended.then(() => ended(opened))
  })

  function ended(which: OpenListen): void {
    if (which !== current) return
    current = undefined
    retry()
  }

  function retry(): void {
    if (isOver) return
    waiting?.[Symbol.dispose]()
    waiting = timers.after(waits.nextMs(), () => {
      if (wanted() && !current) renew().then(missed, retry)
    })
  }

  return {
    // Who refuses it will not have thought better of it soon.
    begin: () => void renew().catch((error) => isCoreError(error, 'server_misbehaves') || retry()),
    renew,
    isTold: (uri) => current?.honoured.has(uri) === true,
    close() {
      isOver = true
      waiting?.[Symbol.dispose]()
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
