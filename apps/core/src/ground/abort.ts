/**
 * Waits for `work`, or rejects with the signal's reason as soon as it aborts. `phase` names the wait in the
 * error, as in `approval:answer`, because "aborted" alone never tells where.
 */
export async function waitOrAbort<T>(
  work: Promise<T>,
  signal: AbortSignal,
  phase: string,
): Promise<T> {
  if (signal.aborted) throw abortError(signal, phase)
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(abortError(signal, phase))
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** A wait that ended because nobody wanted its answer any more. It is not a failure of the work itself. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError'
}

export const isAborted = (error: unknown): error is AbortedError => error instanceof AbortedError

const abortError = (signal: AbortSignal, phase: string): AbortedError =>
  new AbortedError(`aborted while waiting for ${phase}`, { cause: signal.reason })
