import { waitOrAbort } from '../../ground/abort.ts'
import { CoreError } from '../../ground/errors.ts'

/** Lets a number of calls in at a time and queues a few more (RUN-45). */
export type Gate = Readonly<{
  /** Undefined when there is a place at once. @throws CoreError `server_busy` when the queue is full */
  enter: (signal: AbortSignal) => Promise<void> | undefined
  leave: () => void
  /** Resolves once nobody is inside. */
  empty: () => Promise<void>
  inFlight: () => number
  waiting: () => number
}>

const QUEUE_PER_PLACE = 4

export function createGate(server: string, placesMax: number): Gate {
  const queue: (() => void)[] = []
  let emptied: (() => void)[] = []
  let inFlight = 0

  function leave(): void {
    const next = queue.shift()
    if (next) return next()
    inFlight -= 1
    if (inFlight > 0) return
    for (const resolve of emptied) resolve()
    emptied = []
  }

  async function waitInQueue(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    queue.push(resolve)
    try {
      await waitOrAbort(promise, signal, 'server:queue')
    } catch (error) {
      // A place handed over in the same moment goes to the next one.
      const at = queue.indexOf(resolve)
      if (at === -1) leave()
      else queue.splice(at, 1)
      throw error
    }
  }

  return {
    enter(signal) {
      if (inFlight < placesMax) {
        inFlight += 1
        return undefined
      }
      if (queue.length >= placesMax * QUEUE_PER_PLACE) {
        throw new CoreError('server_busy', { server, retryAfterS: 1 })
      }
      return waitInQueue(signal)
    },
    leave,
    async empty() {
      if (inFlight === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      emptied.push(resolve)
      await promise
    },
    inFlight: () => inFlight,
    waiting: () => queue.length,
  }
}
