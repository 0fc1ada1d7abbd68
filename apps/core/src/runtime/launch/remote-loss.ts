import type { ExchangeFailure } from '../../egress/exchange.ts'
import { CoreError, isCoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import type { LostRequest } from './wire.ts'

/** By these a server says that it looked at the head of a request only, and ran nothing of it (MCP-54). */
const REFUSALS: ReadonlySet<number> = new Set([-32_020, -32_022])

/** A status instead of an answer. Whatever it is, the call was sent, and only an answer says what became of it. */
export function lostByStatus(
  server: string,
  status: number,
  body: Buffer | undefined,
): LostRequest {
  const code = body && errorCode(body)
  const isRefusal = code !== undefined && REFUSALS.has(code)
  return {
    isSent: true,
    error: isRefusal
      ? new CoreError('server_misbehaves', { server, code })
      : new CoreError('outcome_unknown', { server, reason: 'http_status', status }),
    status,
    ...(code !== undefined && { code }),
  }
}

/** The answer ended in order, and the result was not in it. */
export const lostWithoutAnswer = (server: string): LostRequest => ({
  isSent: true,
  error: new CoreError('outcome_unknown', { server, reason: 'no_answer' }),
})

/** A page, an empty body, or another kind of content where a message belongs (MCP-59). */
export const misbehaved = (server: string): LostRequest => ({
  isSent: true,
  error: new CoreError('server_misbehaves', { server }),
})

/** The exchange broke. Before the first byte that is proof that nothing ran (RUN-55). */
export function lostByFailure(server: string, failure: ExchangeFailure): LostRequest {
  return { isSent: failure.isSent, error: failureError(server, failure) }
}

function failureError(server: string, { isSent, reason, cause }: ExchangeFailure): CoreError {
  if (reason === 'too_large') {
    return new CoreError('result_too_large', { bytesMax: limits.resultBytesMax })
  }
  if (reason === 'refused') return refusal(cause)
  if (!isSent) return new CoreError('server_unavailable', { server }, { cause })
  if (reason === 'encoded') return new CoreError('server_misbehaves', { server }, { cause })
  if (reason === 'timed_out') return new CoreError('call_timed_out', { server }, { cause })
  return new CoreError('outcome_unknown', { server, reason: 'connection_lost' }, { cause })
}

function refusal(cause: unknown): CoreError {
  if (isCoreError(cause)) return cause
  if (cause instanceof Error && isCoreError(cause.cause)) return cause.cause
  return new CoreError('egress_refused', {}, { cause })
}

function errorCode(body: Buffer): number | undefined {
  try {
    const message: unknown = JSON.parse(body.toString('utf8'))
    const error = isObject(message) ? message['error'] : undefined
    const code = isObject(error) ? error['code'] : undefined
    return typeof code === 'number' ? code : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
