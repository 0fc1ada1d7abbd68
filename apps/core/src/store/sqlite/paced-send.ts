import type { WriteRequest } from '../write-request.ts'

/** Requests on their way to the writer's thread, few messages at a time. */
export type PacedSend = Readonly<{
  send: (requests: readonly WriteRequest[]) => void
  /** So many requests have their reply. */
  answered: (count: number) => void
}>

/**
 * Lets two messages be under way: one that is being committed and one that is next. What comes meanwhile waits here and
 * goes as one, because waking the other thread costs more than a row, and a commit costs more than both.
 */
export function createPacedSend(post: (requests: readonly WriteRequest[]) => void): PacedSend {
  let held: WriteRequest[] = []
  let unanswered = 0
  let lastCount = 0

  function postHeld(): void {
    const requests = held
    held = []
    lastCount = requests.length
    unanswered += lastCount
    post(requests)
  }

  /** Everything before the last message is answered. */
  const mayPost = (): boolean => unanswered <= lastCount

  return {
    send(requests) {
      for (const request of requests) held.push(request)
      if (mayPost()) postHeld()
    },
    answered(count) {
      unanswered -= count
      if (held.length > 0 && mayPost()) postHeld()
    },
  }
}
