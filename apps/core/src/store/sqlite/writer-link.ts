import { CoreError, isCoreError } from '../../ground/errors.ts'
import type { AppenderConfig } from '../appender.ts'
import { fromErrorMessage } from '../store-error.ts'
import type { HintTopic } from '../store.ts'
import { createWriteFront, type WriteFront } from '../write-front.ts'
import { packRequest, type WriteReply } from '../write-request.ts'
import type { FileHealth } from './file-health.ts'
import { createPacedSend } from './paced-send.ts'
import type { SpaceWatch } from './space-watch.ts'
import { openThread, type Thread } from './thread.ts'
import type { FromWriter, ThreadStart, ToWriter } from './thread-messages.ts'

/** The main thread's end of the writer's thread. */
export type WriterLink = AsyncDisposable &
  Readonly<{
    front: WriteFront
    arm: (config: AppenderConfig) => void
    /** Names of the migrations it took. */
    migrated: readonly string[]
  }>

export type WriterLinkParts = Readonly<{
  url: URL
  start: ThreadStart
  nowMs: () => number
  committed: (topics: ReadonlySet<HintTopic>) => void
  space: Pick<SpaceWatch, 'ranOut'>
  health: Pick<FileHealth, 'failed'>
}>

export async function openWriterLink(parts: WriterLinkParts): Promise<WriterLink> {
  const { url, start, nowMs, committed, health } = parts
  const pace = createPacedSend((requests) =>
    thread.post({ kind: 'write', requests: requests.map(packRequest) }),
  )
  const front = createWriteFront({ send: pace.send, nowMs, committed })
  const thread: Thread<ToWriter> = await openThread<ToWriter, FromWriter>({
    url,
    start,
    receive(message) {
      if (message.kind !== 'replies') return
      const replies = unpackReplies(message, parts)
      pace.answered(replies.length)
      front.settle(replies)
    },
    died(cause) {
      health.failed(cause)
      front.abandon(new CoreError('store_unavailable', {}, { cause }))
    },
  })
  return {
    front,
    arm: (config) => thread.post({ kind: 'arm', config }),
    migrated: thread.opened.migrated,
    async [Symbol.asyncDispose]() {
      await front.quiet()
      await thread[Symbol.asyncDispose]()
    },
  }
}

function unpackReplies(
  { done, results, errors }: Extract<FromWriter, { kind: 'replies' }>,
  { space, health }: Pick<WriterLinkParts, 'space' | 'health'>,
): readonly WriteReply[] {
  const replies: WriteReply[] = done.map((seq) => ({ seq, result: undefined }))
  for (const [seq, result] of results) replies.push({ seq, result })
  for (const [seq, message] of errors) {
    const error = fromErrorMessage(message)
    if (isCoreError(error, 'storage_full')) space.ranOut()
    // SQLite is never away: it could not read or write its file.
    if (isCoreError(error, 'store_unavailable')) health.failed(error.cause)
    replies.push({ seq, error })
  }
  return replies
}
