import { z } from 'zod'

import { blocksOf } from './event-stream.ts'

/** Every revision that Peta speaks, with what sets it apart on the wire. */
export const REVISIONS = [
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
  '2026-07-28',
] as const
export type Revision = (typeof REVISIONS)[number]

type Json = Readonly<Record<string, unknown>>
const Json = z.record(z.string(), z.unknown())

const WireMessage = z.object({
  id: z.union([z.number(), z.string()]).nullable().optional(),
  method: z.string().optional(),
  params: Json.optional(),
  result: Json.optional(),
  error: z
    .object({ code: z.number(), message: z.string(), data: z.unknown().optional() })
    .optional(),
})
export type WireMessage = Readonly<z.infer<typeof WireMessage>>

/** How a client answers what it is asked. */
export type Answers = (method: string, params: Json) => Promise<Json> | Json

export type WireClientOptions = Readonly<{
  url: string
  token: string
  revision: Revision
  capabilities: Json
  answers?: Answers
}>

export type RequestOptions = Readonly<{
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal
  /** Told the id that the request leaves with. */
  onSent?: (id: number) => void
  /** Sees each message that comes before the answer. */
  onMessage?: (message: WireMessage) => void
}>

/** A client without any library: it puts on the wire exactly what one revision says, over Streamable HTTP. */
export type WireClient = Readonly<{
  revision: Revision
  /** Resolves with the answer; what the server asks on the way is answered. */
  request: (method: string, params?: Json, options?: RequestOptions) => Promise<WireMessage>
  notify: (method: string, params?: Json) => Promise<void>
}>

export async function connectWire(options: WireClientOptions): Promise<WireClient> {
  return options.revision === '2026-07-28' ? modernClient(options) : legacyClient(options)
}

export const CLIENT_INFO = { name: 'wire', version: '1' }

function modernClient({ revision, capabilities, answers, ...door }: WireClientOptions): WireClient {
  let lastId = 0
  const meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
  }
  const headersOf = (method: string, params: Json) => {
    const name = params['name'] ?? params['uri'] ?? params['taskId']
    return {
      'mcp-protocol-version': revision,
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': headerText(name) }),
    }
  }
  return {
    revision,
    async request(method, params = {}, options = {}) {
      const headers = { ...headersOf(method, params), ...options.headers }
      const own = params['_meta']
      const _meta = { ...meta, ...(typeof own === 'object' && own) }
      let round: Json = {}
      for (;;) {
        lastId += 1
        options.onSent?.(lastId)
        const message = { id: lastId, method, params: { ...params, ...round, _meta } }
        const answer = await exchange(door, message, { ...options, headers })
        if (answer.result?.['resultType'] !== 'input_required' || !answers) return answer
        round = await nextRound(answer.result, answers)
      }
    },
    async notify(method, params = {}) {
      const message = { method, params: { ...params, _meta: meta } }
      await post(door, message, { headers: headersOf(method, params) })
    },
  }
}

/** A round goes on with an answer to each question, and with the state as it came. */
async function nextRound(result: Json, answers: Answers): Promise<Json> {
  const { inputRequests, requestState } = InputRequired.parse(result)
  const inputResponses: Record<string, unknown> = {}
  for (const [key, { method, params }] of Object.entries(inputRequests)) {
    inputResponses[key] = await answers(method, params)
  }
  return { inputResponses, ...(requestState !== undefined && { requestState }) }
}

const InputRequired = z.object({
  inputRequests: z
    .record(z.string(), z.object({ method: z.string(), params: Json.default({}) }))
    .default({}),
  requestState: z.string().optional(),
})

async function legacyClient(options: WireClientOptions): Promise<WireClient> {
  const { revision, capabilities, answers, ...door } = options
  let lastId = 0
  let session: Readonly<Record<string, string>> = {}

  async function reply({ id, method = '', params = {} }: WireMessage): Promise<void> {
    const refusal = { error: { code: -32601, message: 'Method not found' } }
    const answer = answers ? { result: await answers(method, params) } : refusal
    await post(door, { id, ...answer }, { headers: session })
  }

  async function request(
    method: string,
    params: Json = {},
    given: RequestOptions = {},
  ): Promise<WireMessage> {
    lastId += 1
    given.onSent?.(lastId)
    const message = { id: lastId, method, params }
    return exchange(door, message, {
      ...given,
      headers: { ...session, ...given.headers },
      onMessage(seen) {
        given.onMessage?.(seen)
        if (typeof seen.id === 'number' || typeof seen.id === 'string') void reply(seen)
      },
      onHeaders(headers) {
        const id = headers.get('mcp-session-id')
        if (id !== null) session = { ...session, 'mcp-session-id': id }
      },
    })
  }

  const notify = async (method: string, params?: Json): Promise<void> => {
    await post(door, { method, ...(params && { params }) }, { headers: session })
  }

  const begin = { protocolVersion: revision, capabilities, clientInfo: CLIENT_INFO }
  const { result } = await request('initialize', begin)
  if (result?.['protocolVersion'] !== revision) throw new Error(`no session of ${revision}`)
  // The header came with 2025-06-18.
  if (revision >= '2025-06-18') session = { ...session, 'mcp-protocol-version': revision }
  await notify('notifications/initialized')
  return { revision, request, notify }
}

type Door = Pick<WireClientOptions, 'url' | 'token'>
type Sending = RequestOptions & Readonly<{ onHeaders?: (headers: Headers) => void }>

export async function post(door: Door, message: WireMessage, options: Sending): Promise<Response> {
  const response = await fetch(door.url, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    headers: {
      authorization: `Bearer ${door.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...options.headers,
    },
    ...(options.signal && { signal: options.signal }),
  })
  options.onHeaders?.(response.headers)
  return response
}

async function exchange(door: Door, message: WireMessage, options: Sending): Promise<WireMessage> {
  const response = await post(door, message, options)
  for await (const seen of messagesOf(response)) {
    if (seen.method === undefined && (seen.id === message.id || seen.error)) return seen
    options.onMessage?.(seen)
  }
  throw new Error(`no answer to ${message.method}: ${response.status}`)
}

async function* messagesOf(response: Response): AsyncGenerator<WireMessage> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  if (!isStream) {
    yield WireMessage.parse(await response.json())
    return
  }
  if (!response.body) return
  for await (const block of blocksOf(response.body)) {
    const message = messageIn(block)
    if (message) yield message
  }
}

/** Undefined for a comment, or an event without data. */
export function messageIn(block: string): WireMessage | undefined {
  const data = block.split('\n').filter((line) => line.startsWith('data:'))
  const text = data.map((line) => line.slice(5).trimStart()).join('\n')
  return text === '' ? undefined : WireMessage.parse(JSON.parse(text))
}

/** What a header cannot hold as it is travels as base64 (MCP-22). */
export const headerText = (text: string): string =>
  /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) || text === ''
    ? text
    : `=?base64?${Buffer.from(text).toString('base64')}?=`
