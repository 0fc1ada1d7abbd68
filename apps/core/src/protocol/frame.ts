import { ExactNumber, isExactInDouble } from '../ground/exact-number.ts'
import { limits } from '../ground/limits.ts'
import type { Frame, RequestId } from '../model/frame.ts'
import { isSpace, OPEN_ARRAY, OPEN_OBJECT } from './json-bytes.ts'
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
  const first = firstByte(bytes)
  if (first === OPEN_ARRAY) return { kind: 'batch' }
  if (first !== OPEN_OBJECT) throw refused('the message is not an object')

  const message = parseObject(bytes, scanned)
  if (message['jsonrpc'] !== '2.0') throw refused('jsonrpc is not "2.0"')
  if (!('method' in message)) return readResponse(bytes, message)
  if ('result' in message || 'error' in message) throw refused('both a request and a response')

  const { method } = message
  if (typeof method !== 'string' || method === '') throw refused('method is not a name')
  const params = readParams(message['params'])
  const spans = frameSpans(method, scanned)
  if (!('id' in message)) return { kind: 'notification', frame: { bytes, method, params, spans } }
  return { kind: 'request', frame: { bytes, id: readId(message['id']), method, params, spans } }
}

/** Positions by the role they have in this method: a completion names its target inside `ref`. */
function frameSpans(method: string, { spans, lossyNumber }: Scanned): Frame['spans'] {
  const found = lossyNumber ? { ...spans, lossyNumber } : spans
  if (method !== 'completion/complete') return found
  const { name: _name, uri: _uri, refName, refUri, ...rest } = found
  return { ...rest, ...(refName && { name: refName }), ...(refUri && { uri: refUri }) }
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
  if (params === undefined) return NONE
  if (!isObject(params)) throw refused('params is not an object')
  // A copy without a prototype, so that no name finds a member that was not sent.
  return { __proto__: null, ...params }
}

const NONE: Frame['params'] = Object.freeze(Object.create(null))

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The envelope, of which only members are read that no prototype has. */
function parseObject(
  bytes: Buffer,
  { isAscii, lossyNumber }: Scanned,
): Readonly<Record<string, unknown>> {
  const text = isAscii ? bytes.toString('latin1') : bytes.toString('utf8')
  try {
    const message: unknown = lossyNumber ? JSON.parse(text, keepExact) : JSON.parse(text)
    if (isObject(message)) return message
  } catch (cause) {
    throw notJson('not JSON', cause)
  }
  throw refused('the message is not an object')
}

/** Of a message that has one, each number that a double does not hold becomes a value that no one takes for it. */
function keepExact(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || isExactInDouble(source)) return value
  return new ExactNumber(source)
}

function firstByte(bytes: Buffer): number | undefined {
  let at = 0
  while (isSpace(bytes[at])) at += 1
  return bytes[at]
}
