import { CoreError } from '../../ground/errors.ts'
import { isAborted } from '../../ground/abort.ts'
import { inputRequired } from '../../protocol/input-required.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'
import { wholeOf } from '../../protocol/splice.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import { type Asked, type McpReply, renderFailure } from '../outcome.ts'

/** What a task ended in, as JSON: `failed` holds a JSON-RPC error, and nothing else does (MCP-135). */
export type TaskEnd = Readonly<{ state: 'completed' | 'failed'; outcome: Buffer }>

/**
 * Exactly what the request would have been answered with. Undefined where the call still waits for people, because Peta
 * stops.
 */
export async function endOf(
  asked: Asked,
  outcome: Promise<GovernedOutcome>,
  render: (outcome: GovernedOutcome) => McpReply,
): Promise<TaskEnd | undefined> {
  try {
    const ended = await outcome
    if (ended.state === 'pending') return undefined
    const end = endIn(render(ended))
    if (inputRequired(readServerFrame(end.frame))) throw new CoreError('server_misbehaves')
    return end
  } catch (error) {
    return failureEnd(asked, isAborted(error) ? new CoreError('outcome_unknown') : error)
  }
}

/** The end of a call that failed. */
export const failureEnd = (asked: Asked, error: unknown): TaskEnd =>
  endIn(renderFailure(error, asked))

/** The end that this reply would have been. */
export function endIn({ body }: McpReply): TaskEnd & Readonly<{ frame: Buffer }> {
  if (!body) throw new RangeError('a call is answered')
  const frame = wholeOf(body)
  const { spans } = readServerFrame(frame)
  const span = spans.result ?? spans.error
  if (!span) throw new RangeError('an answer is a result or an error')
  const state = spans.result ? 'completed' : 'failed'
  return { state, outcome: frame.subarray(...span), frame }
}
