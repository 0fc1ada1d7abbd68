/** Byte range `[start, end)` of a value inside a frame. */
export type Span = readonly [start: number, end: number]

export type RequestId = string | number

/**
 * One JSON-RPC message as it arrived, parsed once. `bytes` is what a server receives, apart from spliced spans;
 * `params` is what policy reads. Both come from the same parse, so what was judged is what is sent (MCP-80).
 */
export type Frame = Readonly<{
  bytes: Buffer
  /** Absent for a notification. */
  id?: RequestId
  method: string
  /** Null-prototype object; empty when the message had none. */
  params: Readonly<Record<string, unknown>>
  /** Where the values to splice stand; only members that were present. */
  spans: Readonly<{
    id?: Span
    params?: Span
    /** `params.name` of tools/call and prompts/get, `params.ref.name` of a completion. */
    name?: Span
    /** `params.uri` of resources/read and its relatives, `params.ref.uri` of a completion. */
    uri?: Span
    arguments?: Span
    /** `params._meta` and two of its members. */
    meta?: Span
    progressToken?: Span
    protocolVersion?: Span
    /** The first number that a double does not hold exactly; policy refuses the frame (POL-13). */
    lossyNumber?: Span
  }>
}>

/** Values whose position a scan notes. */
export type Slot =
  | 'id'
  | 'method'
  | 'params'
  | 'result'
  | 'error'
  | 'code'
  | 'name'
  | 'uri'
  | 'refName'
  | 'refUri'
  | 'arguments'
  | 'cursor'
  | 'nextCursor'
  | 'meta'
  | 'progressToken'
  | 'protocolVersion'
  | 'serverInfo'
  | 'isError'
  | 'resultType'
  | 'ttlMs'
  | 'cacheScope'
  | 'structuredContent'

/** One message of a server, with the positions of what a gateway reads or rewrites. Its values stay bytes. */
export type ServerFrame = Readonly<{
  kind: 'response' | 'notification' | 'request'
  bytes: Buffer
  /** Of a response: the hop's id. Absent where the server could not tell which request it answers. */
  id: RequestId | undefined
  method: string | undefined
  /** A JSON-RPC error, or a result with `isError: true`. */
  isError: boolean
  /** The code of a JSON-RPC error. */
  code: number | undefined
  spans: Readonly<Partial<Record<Slot, Span>>>
}>

/** The protocol generation a peer speaks: per-request metadata, or an `initialize` handshake. */
export type Era = 'modern' | 'legacy'
