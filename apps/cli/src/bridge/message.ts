export type MessageId = string | number

/** One message of a client: its bytes, which are what is forwarded, and what the bridge needs to know of it. */
export type Message = Readonly<{
  bytes: Buffer
  /** `other` is whatever Core alone can judge: a batch, or no message at all. */
  kind: 'request' | 'notification' | 'response' | 'other'
  id?: MessageId
  method?: string
  params: Readonly<Record<string, unknown>>
  /** Of a message that carries its own metadata; others belong to a session. */
  modernVersion?: string
}>

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'

/** Undefined for what is no JSON. */
export function readMessage(bytes: Buffer): Message | undefined {
  const value = parse(bytes)
  if (value === undefined) return undefined
  if (!isObject(value)) return { bytes, kind: 'other', params: {} }
  const params = isObject(value['params']) ? value['params'] : {}
  const { id, method } = value
  const meta = params['_meta']
  const version = isObject(meta) ? meta[VERSION_KEY] : undefined
  return {
    bytes,
    kind: kindOf(value),
    params,
    ...(isId(id) && { id }),
    ...(typeof method === 'string' && { method }),
    ...(typeof version === 'string' && { modernVersion: version }),
  }
}

function kindOf(value: Readonly<Record<string, unknown>>): Message['kind'] {
  const isNamed = typeof value['method'] === 'string'
  if (isNamed && !('id' in value)) return 'notification'
  if (!isId(value['id'])) return 'other'
  return isNamed ? 'request' : 'response'
}

/** Whether `bytes` is the answer to the request with this id. */
export function isAnswerTo(bytes: Buffer, id: MessageId): boolean {
  const value = parse(bytes)
  return isObject(value) && value['id'] === id && !('method' in value)
}

/** What an answer says, as far as it is an object: the bridge looks at two members of two of them. */
export function readMembersOf(
  bytes: Buffer,
  name: 'result' | 'error',
): Readonly<Record<string, unknown>> {
  const value = parse(bytes)
  const member = isObject(value) ? value[name] : undefined
  return isObject(member) ? member : {}
}

export type RpcError = Readonly<{ code: number; message: string; data?: unknown }>

export const encodeError = (id: MessageId | null, error: RpcError): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, error }))

/** Raw line ends stand only between tokens, where a space says the same. */
export function asOneLine(message: Buffer): Buffer {
  if (!message.includes('\n') && !message.includes('\r')) return message
  return Buffer.from(message.toString('latin1').replace(/[\r\n]/g, ' '), 'latin1')
}

export const isId = (id: unknown): id is MessageId =>
  typeof id === 'string' || typeof id === 'number'

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
