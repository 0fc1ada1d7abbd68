import { createAckWatch } from './ack-watch.ts'
import { CoreError } from '../ground/errors.ts'
import { addTopics } from './hints.ts'
import type { HintTopic } from './store.ts'
import type { WriteReply, WriteRequest } from './write-request.ts'

/** Callers whose requests are on their way. */
export type WaitingRoom = Readonly<{
  enter: (request: WriteRequest) => Promise<unknown>
  /** Hands out replies. Gives the topics of what was committed. */
  settle: (replies: readonly WriteReply[]) => ReadonlySet<HintTopic>
  /** Everyone inside gets this error. */
  abandon: (error: Error) => void
  /** Resolves when nobody waits. */
  quiet: () => Promise<void>
}>

type Waiting = Readonly<{
  request: WriteRequest
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
}>

/** `left` is called for every request that has its reply. */
export function createWaitingRoom(
  ackMsMax: number,
  left: (request: WriteRequest) => void,
): WaitingRoom {
  const waiting = new Map<number, Waiting>()
  // The request stays until its reply comes; only its caller is told to go on without.
  const watch = createAckWatch(ackMsMax, (seq) =>
    waiting.get(seq)?.reject(new CoreError('audit_unavailable')),
  )
  let onQuiet: PromiseWithResolvers<void> | undefined

  function settle(replies: readonly WriteReply[]): ReadonlySet<HintTopic> {
    const topics = new Set<HintTopic>()
    for (const reply of replies) {
      const one = waiting.get(reply.seq)
      if (!one) continue
      waiting.delete(reply.seq)
      left(one.request)
      if ('error' in reply) {
        one.reject(reply.error)
        continue
      }
      for (const draft of one.request.drafts) addTopics(draft.type, topics)
      one.resolve(reply.result)
    }
    if (waiting.size === 0) becomeQuiet()
    return topics
  }

  function becomeQuiet(): void {
    watch.clear()
    onQuiet?.resolve()
    onQuiet = undefined
  }

  return {
    enter(request) {
      if (!request.command) watch.add(request.seq)
      return new Promise((resolve, reject) => {
        waiting.set(request.seq, { request, resolve, reject })
      })
    },
    settle,
    abandon: (error) => void settle([...waiting.keys()].map((seq) => ({ seq, error }))),
    async quiet() {
      if (waiting.size > 0) await (onQuiet ??= Promise.withResolvers<void>()).promise
    },
  }
}
