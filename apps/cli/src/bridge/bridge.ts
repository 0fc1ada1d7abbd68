import { answer, type AnswerDeps, reportFailure } from './answer.ts'
import { failures, MESSAGE_BYTES_MAX } from './failures.ts'
import { listen } from './listen.ts'
import { encodeError, type Message, readMessage } from './message.ts'
import { createOpenRequests, type OpenRequests } from './open-requests.ts'
import { readLines } from './read-lines.ts'
import type { Upstream } from './upstream.ts'

export type BridgeDeps = AnswerDeps &
  Readonly<{
    input: AsyncIterable<Buffer>
    upstream: Upstream
    /** Resolves when what is in flight after the end of the input has had its time. */
    patience: () => Promise<void>
  }>

/** Lines are read a good deal beyond what Core takes, so that what is refused can be answered under its id. */
const LINE_BYTES_MAX = 16 * MESSAGE_BYTES_MAX

/** Lines in, lines out, until the input ends and what was asked is answered (MCP-40). */
export async function runBridge(deps: BridgeDeps): Promise<void> {
  const open = createOpenRequests()
  const listening = new AbortController()
  const running = new Set<Promise<void>>()
  let starting: Promise<void> = Promise.resolve()

  /** Resolves when the message has left, so that a cancellation cannot overtake what it cancels. */
  async function start(message: Message): Promise<void> {
    if (message.modernVersion === undefined) await starting
    const sent = Promise.withResolvers<void>()
    const work = forward(deps, open, message, sent.resolve).finally(() => running.delete(work))
    running.add(work)
    if (isInitialized(message)) void work.then(() => listen(deps, listening.signal))
    if (message.method === 'initialize') starting = work
    await Promise.race([sent.promise, work])
  }

  for await (const line of readLines(deps.input, LINE_BYTES_MAX)) {
    const message = line === 'too long' ? undefined : readMessage(line)
    const refusal = refusalOf(line, message, open)
    if (refusal) await deps.writeLine(encodeError(message?.id ?? null, refusal))
    else if (message && !open.cancelBy(message)) await start(message)
  }
  await Promise.race([Promise.allSettled(running), deps.patience()])
  open.stop()
  listening.abort()
}

function refusalOf(line: Buffer | 'too long', message: Message | undefined, open: OpenRequests) {
  if (line === 'too long' || line.length > MESSAGE_BYTES_MAX) return failures.tooLong
  if (!message) return isBlank(line) ? undefined : failures.notJson
  return message.kind === 'request' && open.has(message.id) ? failures.idInUse : undefined
}

const isBlank = (line: Buffer): boolean => line.toString('latin1').trim() === ''

const isInitialized = ({ method, modernVersion }: Message): boolean =>
  method === 'notifications/initialized' && modernVersion === undefined

/** Never rejects: a failure is answered like anything else. */
async function forward(
  deps: BridgeDeps,
  open: OpenRequests,
  message: Message,
  onSent: () => void,
): Promise<void> {
  const { signal, close } = open.add(message)
  try {
    await answer(deps, message, await deps.upstream.send(message, signal, onSent), signal)
  } catch (error) {
    if (!signal.aborted) await reportFailure(deps, message, error)
  } finally {
    close()
  }
}
