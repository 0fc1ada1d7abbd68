import { limits } from '../ground/limits.ts'
import type { Frame, RequestId, Span } from '../model/frame.ts'
import { isSpace, OPEN_ARRAY } from './json-bytes.ts'
import { clientMessage } from './places.ts'
import { notJson, refused } from './scan-cursor.ts'
import { scan, type Scanned } from './scan.ts'

/** One POST body, or one line. A batch is only recognised; its members are not read. */
export type ClientMessage =
  | Readonly<{ kind: 'request' | 'notification'; frame: Frame }>
  | Readonly<{ kind: 'response'; id: RequestId; bytes: Buffer }>
  | Readonly<{ kind: 'batch' }>

const rules = { depthMax: limits.jsonDepthMax, isStrict: true } as const

/**
 * Reads one message of a client, once: policy is asked about the values of this parse, and servers receive its bytes
 * (MCP-80).
 *
 * @throws CoreError `not_json`, `frame_invalid`
 */
export function parseClientMessage(bytes: Buffer): ClientMessage {
  const scanned = scan(bytes, clientMessage, rules)
  if (firstByte(bytes) === OPEN_ARRAY) return { kind: 'batch' }

  const message = readObject(parseJson(bytes, scanned.isAscii), 'the message is not an object')
  if (message['jsonrpc'] !== '2.0') throw refused('jsonrpc is not "2.0"')
  if (!('method' in message)) return readResponse(bytes, message)
  if ('result' in message || 'error' in message) throw refused('both a request and a response')

  const { method } = message
  if (typeof method !== 'string' || method === '') throw refused('method is not a name')
  const params = readParams(message['params'])
  const frame = { bytes, method, params, spans: frameSpans(method, scanned) }
  if (!('id' in message)) return { kind: 'notification', frame }
  return { kind: 'request', frame: { ...frame, id: readId(message['id']) } }
}

/** Positions by the role they have in this method: a completion names its target inside `ref`. */
function frameSpans(method: string, { spans, lossyNumber }: Scanned): Frame['spans'] {
  const found: { -readonly [Slot in keyof Frame['spans']]: Span } = {}
  if (spans.id) found.id = spans.id
  if (spans.params) found.params = spans.params
  if (spans.arguments) found.arguments = spans.arguments
  if (spans.meta) found.meta = spans.meta
  if (spans.progressToken) found.progressToken = spans.progressToken
  if (spans.protocolVersion) found.protocolVersion = spans.protocolVersion
  if (lossyNumber) found.lossyNumber = lossyNumber

  const isCompletion = method === 'completion/complete'
  const name = isCompletion ? spans.refName : spans.name
  const uri = isCompletion ? spans.refUri : spans.uri
  if (name) found.name = name
  if (uri) found.uri = uri
  return found
}

function readResponse(bytes: Buffer, message: Readonly<Record<string, unknown>>): ClientMessage {
  if (!('id' in message)) throw refused('neither a request nor a response')
  if ('result' in message === 'error' in message) throw refused('not one of result and error')
  return { kind: 'response', id: readId(message['id']), bytes }
}

/** Null would match nothing, fractions and big integers compare differently from parser to parser (MCP-90). */
function readId(id: unknown): RequestId {
  if (typeof id === 'string' && id.length <= limits.requestIdLengthMax) return id
  if (typeof id === 'number' && Number.isSafeInteger(id)) return id
  throw refused('id is neither a short string nor an integer')
}

function readParams(params: unknown): Frame['params'] {
  return params === undefined ? readObject({}, '') : readObject(params, 'params is not an object')
}

/** A copy without a prototype, so that no name finds a member that was not sent. */
function readObject(value: unknown, problem: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(problem)
  return { __proto__: null, ...value }
}

function parseJson(bytes: Buffer, isAscii: boolean): unknown {
  const text = isAscii ? bytes.toString('latin1') : bytes.toString('utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw notJson('not JSON', cause)
  }
}

function firstByte(bytes: Buffer): number | undefined {
  let at = 0
  while (isSpace(bytes[at])) at += 1
  return bytes[at]
}
