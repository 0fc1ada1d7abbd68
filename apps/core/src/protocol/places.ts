import type { Slot } from '../model/frame.ts'
import { metaKeys } from './meta-keys.ts'

/** An object of the protocol: the members it gives a meaning to. */
export type Place = Readonly<{
  members: readonly PlaceMember[]
  /** The same by the length of their names, which tells most names apart. */
  byLength: readonly (readonly PlaceMember[])[]
}>

export type PlaceMember = Readonly<{ name: string; bytes: Buffer; slot?: Slot; inside?: Place }>

function place(table: Readonly<Record<string, Omit<PlaceMember, 'name' | 'bytes'>>>): Place {
  const members = Object.entries(table).map(([name, rest]) => ({
    name,
    bytes: Buffer.from(name),
    ...rest,
  }))
  const lengthMax = Math.max(...members.map(({ name }) => name.length))
  const byLength = Array.from({ length: lengthMax + 1 }, (_, length) =>
    members.filter(({ name }) => name.length === length),
  )
  return { members, byLength }
}

const meta = place({
  progressToken: { slot: 'progressToken' },
  [metaKeys.protocolVersion]: { slot: 'protocolVersion' },
  [metaKeys.clientInfo]: {},
  [metaKeys.clientCapabilities]: {},
  [metaKeys.logLevel]: {},
  [metaKeys.serverInfo]: { slot: 'serverInfo' },
  traceparent: {},
  tracestate: {},
  baggage: {},
})

const reference = place({ type: {}, name: { slot: 'refName' }, uri: { slot: 'refUri' } })

const clientParams = place({
  name: { slot: 'name' },
  uri: { slot: 'uri' },
  arguments: { slot: 'arguments' },
  _meta: { slot: 'meta', inside: meta },
  cursor: { slot: 'cursor' },
  ref: { inside: reference },
  argument: {},
  context: {},
  requestState: {},
  inputResponses: {},
  level: {},
  protocolVersion: {},
  capabilities: {},
  clientInfo: {},
  requestId: {},
  reason: {},
  task: {},
  taskId: {},
  notifications: {},
})

const envelope = (params: Place): Place =>
  place({
    jsonrpc: {},
    id: { slot: 'id' },
    method: { slot: 'method' },
    params: { slot: 'params', inside: params },
    result: { slot: 'result', inside: result },
    error: { slot: 'error', inside: place({ code: { slot: 'code' } }) },
  })

const result = place({
  _meta: { slot: 'meta', inside: meta },
  isError: { slot: 'isError' },
  resultType: { slot: 'resultType' },
  ttlMs: { slot: 'ttlMs' },
  cacheScope: { slot: 'cacheScope' },
  nextCursor: { slot: 'nextCursor' },
  structuredContent: { slot: 'structuredContent' },
})

/** `progressToken` stands in `_meta` of a request and directly in the params of a progress notification. */
const serverParams = place({
  progressToken: { slot: 'progressToken' },
  _meta: { slot: 'meta' },
  uri: { slot: 'uri' },
})

/** What a client sends: these names are also the ones that must not come in another case. */
export const clientMessage = envelope(clientParams)

/** What a server sends. */
export const serverMessage = envelope(serverParams)
