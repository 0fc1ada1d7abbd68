import { Worker } from 'node:worker_threads'

import { fromErrorMessage } from '../store-error.ts'
import type { ThreadFailed, ThreadOpened, ThreadStart } from './thread-messages.ts'

/** A thread of ours and the way to it. */
export type Thread<To> = AsyncDisposable &
  Readonly<{
    opened: ThreadOpened
    post: (message: To) => void
  }>

export type ThreadParts<From> = Readonly<{
  url: URL
  start: ThreadStart
  /** Until then it loads its code and leaves the file alone; without it, it opens as soon as it can. */
  mayOpen?: Promise<unknown>
  receive: (message: From) => void
  /** It ended without being told to. */
  died: (cause: unknown) => void
}>

/**
 * Starts a thread and waits until it serves.
 *
 * @throws what kept it from starting, or what `mayOpen` was rejected with
 */
export async function openThread<
  To extends Readonly<{ kind: string }>,
  From extends Readonly<{ kind: string }>,
>(parts: ThreadParts<From>): Promise<Thread<To | Readonly<{ kind: 'close' }>>> {
  const { promise, resolve, reject } = Promise.withResolvers<ThreadOpened>()
  const worker = new Worker(parts.url, { workerData: parts.start })
  const exited = new Promise<void>((done) => void worker.once('exit', () => done()))
  let isClosing = false
  worker.on('message', (message: From | ThreadOpened | ThreadFailed) => {
    if (isOpened(message)) resolve(message)
    else if (isFailed(message)) reject(fromErrorMessage(message.error))
    else parts.receive(message)
  })
  worker.on('error', (cause) => {
    reject(cause)
    parts.died(cause)
  })
  worker.on('exit', (code) => {
    if (!isClosing) parts.died(new Error(`a thread of the store ended with code ${code}`))
  })

  const post = (message: To | Readonly<{ kind: 'open' | 'close' }>): void =>
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(message)

  Promise.resolve(parts.mayOpen).then(() => post({ kind: 'open' }), reject)

  const close = async (): Promise<void> => {
    isClosing = true
    post({ kind: 'close' })
    await exited
  }
  try {
    const opened = await promise
    return {
      opened,
      post,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    isClosing = true
    await worker.terminate()
    throw error
  }
}

const isOpened = (message: Readonly<{ kind: string }>): message is ThreadOpened =>
  message.kind === 'opened'

const isFailed = (message: Readonly<{ kind: string }>): message is ThreadFailed =>
  message.kind === 'failed'
