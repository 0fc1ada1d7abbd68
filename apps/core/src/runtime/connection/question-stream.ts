import { waitOrAbort } from '../../ground/abort.ts'
import type { Clock } from '../../ground/clock.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Correlator } from './correlator.ts'
import { keepOpen } from './reopen.ts'

export type QuestionStreamParts = Readonly<{
  wire: Pick<Correlator, 'openStream'>
  clock: Pick<Clock, 'nowMs'>
  timers: Pick<Timers, 'after'>
  /** It is open again, and something may have been missed in between. */
  missed: () => void
}>

/** A server may send the head of the stream only with what it says first. */
const OPENING_MS_MAX = 1000

/**
 * Some older servers ask on the stream of the session, not on that of the call they ask for (MCP-61). It is open before
 * the first call, so that no question is lost.
 */
export async function openQuestionStream(
  { wire, clock, timers, missed }: QuestionStreamParts,
  signal: AbortSignal,
): Promise<Disposable | undefined> {
  const { openStream } = wire
  if (!openStream) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const stream = keepOpen({
    open: ({ onOpen, onEnd }) =>
      openStream({
        onOpen() {
          onOpen()
          resolve()
        },
        onEnd(isOffered) {
          onEnd(isOffered)
          resolve()
        },
      }),
    missed,
    clock,
    timers,
  })
  using waited = timers.after(OPENING_MS_MAX, resolve)
  void waited
  try {
    await waitOrAbort(promise, signal, 'server:question-stream')
    return stream
  } catch (error) {
    stream[Symbol.dispose]()
    throw error
  }
}
