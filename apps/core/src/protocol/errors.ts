import { problems, type ProblemCode } from '@peta/contract'

import { CoreError, type Facts } from '../ground/errors.ts'

/**
 * How a failure looks to an MCP client (MCP-23, MCP-150).
 *
 * `code` and `status` are its JSON-RPC error and HTTP status. With `result`, a `tools/call` gets a tool result with
 * `isError: true` instead, whose text is the problem's title and this sentence. `facts` are those that go along.
 */
export type RpcProblem = Readonly<{
  code: number
  status: number
  result?: string
  facts?: readonly string[]
}>

const NOT_RUN = 'It did not run.'
const MAY_HAVE_RUN = 'It may have run: check before you repeat it.'
const RAN = 'It ran: do not repeat it only to get the answer.'

const unavailable = { code: 5030, status: 200, result: NOT_RUN } as const
const stopped = { code: 5031, status: 503 } as const
const limited = { code: 4290, status: 429, facts: ['retryAfterS', 'callsMax'] } as const

/** Own codes are positive; negative ones are those of JSON-RPC and MCP (MCP-24). */
const rpcProblems: Partial<Record<ProblemCode, RpcProblem>> = {
  not_json: { code: -32_700, status: 400, facts: ['problem'] },
  frame_invalid: { code: -32_600, status: 400, facts: ['problem'] },
  session_required: { code: -32_600, status: 400, facts: ['supported'] },
  params_invalid: { code: -32_602, status: 200, facts: ['problem'] },
  name_unknown: { code: -32_602, status: 200, facts: ['uri'] },
  meta_missing: { code: -32_602, status: 400, facts: ['key'] },
  method_unknown: { code: -32_601, status: 404, facts: ['supported'] },
  header_mismatch: { code: -32_020, status: 400, facts: ['header'] },
  capability_missing: { code: -32_021, status: 400, facts: ['requiredCapabilities'] },
  version_unsupported: { code: -32_022, status: 400, facts: ['supported', 'requested'] },
  session_unknown: { code: 4040, status: 404 },
  not_found: { code: 4040, status: 404 },
  event_unknown: { code: 4041, status: 404 },

  unauthenticated: { code: 4010, status: 401 },
  credential_in_url: { code: 4000, status: 400 },
  invalid_request: { code: 4000, status: 400 },
  forbidden: { code: 4031, status: 403 },
  origin_refused: { code: 4032, status: 403 },
  host_refused: { code: 4032, status: 403 },
  method_not_allowed: { code: 4050, status: 405 },
  not_acceptable: { code: 4060, status: 406 },
  unsupported_media_type: { code: 4150, status: 415 },
  body_too_large: { code: 4130, status: 413, facts: ['bytesMax'] },
  rate_limited: limited,
  calls_limited: limited,
  approval_limited: limited,

  policy_denied: { code: 4030, status: 200, result: NOT_RUN },
  no_eligible_approver: { code: 4030, status: 200, result: NOT_RUN },
  approval_expired: { code: 4202, status: 200, result: NOT_RUN },
  question_declined: { code: 4033, status: 200, result: NOT_RUN },
  definition_changed: { code: 4090, status: 200, result: NOT_RUN },

  server_unavailable: unavailable,
  server_busy: unavailable,
  server_disabled: unavailable,
  server_quarantined: unavailable,
  egress_refused: unavailable,
  secret_not_found: unavailable,
  secret_expired: unavailable,
  secret_suspended: unavailable,
  secret_binding_mismatch: unavailable,
  binding_not_enforceable: unavailable,
  server_misbehaves: { code: -32_603, status: 502 },
  call_timed_out: { code: 5040, status: 200, result: MAY_HAVE_RUN },
  outcome_unknown: { code: 5041, status: 200, result: MAY_HAVE_RUN },
  result_too_large: { code: 5020, status: 200, result: RAN, facts: ['bytesMax'] },
  scrub_failed: { code: 5021, status: 200, result: RAN },

  audit_unavailable: stopped,
  policy_stale: stopped,
  vault_sealed: stopped,
  sealer_unavailable: stopped,
  storage_full: stopped,
  store_busy: stopped,
  store_unavailable: stopped,
}

const internal: RpcProblem = { code: -32_603, status: 500 }

/** The row of an error; whatever has none is internal and says nothing about itself. */
export function rpcProblem(error: unknown): RpcProblem {
  return (error instanceof CoreError && rpcProblems[error.code]) || internal
}

/** What the client may read about an error. */
export function problemMessage(error: unknown): string {
  if (!(error instanceof CoreError) || !rpcProblems[error.code]) return problems.internal.title
  const { title } = problems[error.code]
  const { problem } = error.facts
  const isShown = rpcProblems[error.code]?.facts?.includes('problem') ?? false
  return isShown && typeof problem === 'string' ? `${title}: ${problem}` : title
}

/** Facts that the error's row lets out, or undefined when there are none. */
export function problemFacts(error: unknown): Facts | undefined {
  if (!(error instanceof CoreError)) return undefined
  const names = rpcProblem(error).facts ?? []
  const shown = Object.entries(error.facts).filter(
    ([name]) => name !== 'problem' && names.includes(name),
  )
  return shown.length === 0 ? undefined : Object.fromEntries(shown)
}

/** A JSON-RPC error response. `id` is JSON text, `null` where the request has none that could be read. */
export function encodeError(id: Buffer | 'null', error: RpcErrorBody): Buffer {
  const tail = `,"error":${JSON.stringify(error)}}`
  return Buffer.concat([HEAD, typeof id === 'string' ? Buffer.from(id) : id, Buffer.from(tail)])
}

export type RpcErrorBody = Readonly<{ code: number; message: string; data?: unknown }>

/** A JSON-RPC result response around a result's JSON text. */
export function encodeResponse(id: Buffer, ...result: readonly (Buffer | string)[]): Buffer {
  const parts = result.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
  return Buffer.concat([HEAD, id, RESULT, ...parts, CLOSE])
}

const HEAD = Buffer.from('{"jsonrpc":"2.0","id":')
const RESULT = Buffer.from(',"result":')
const CLOSE = Buffer.from('}')
