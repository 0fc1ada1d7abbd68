import type { RequestId, Span } from '../model/frame.ts'
import { readValue } from './members.ts'
import { serverMessage, type Slot } from './places.ts'
import { refused } from './scan-cursor.ts'
import { scan } from './scan.ts'

/** One message of a server, with the positions of what a gateway reads or rewrites. Its values stay bytes. */
export type ServerFrame = Readonly<{
  kind: 'response' | 'notification' | 'request'
  bytes: Buffer
  /** Of a response: the hop's id. Absent where the server could not tell which request it answers. */
  id?: RequestId
  method?: string
  /** A JSON-RPC error, or a result with `isError: true`. */
  isError: boolean
  /** The code of a JSON-RPC error. */
  code?: number
  spans: Readonly<Partial<Record<Slot, Span>>>
}>

/** Deeper than a client may go: a server's data is only relayed (MCP-91). */
const rules = { depthMax: 128, isStrict: false } as const

/**
 * Reads the envelope of one message, in one pass and without building its values. Not for batches.
 *
 * @throws CoreError `not_json`, `frame_invalid`: the server's fault
 */
export function readServerFrame(bytes: Buffer): ServerFrame {
  const { spans } = scan(bytes, serverMessage, rules)
  const id = spans.id && readId(readValue(bytes, spans.id))
  if (spans.method) return readCall(bytes, spans, id)
  if (!spans.result === !spans.error) throw refused('neither a request nor one answer')

  const code = spans.code && Number(readValue(bytes, spans.code))
  return {
    kind: 'response',
    bytes,
    ...(id !== undefined && { id }),
    isError: spans.error !== undefined || isTrue(bytes, spans.isError),
    ...(code !== undefined && { code }),
    spans,
  }
}

function readCall(
  bytes: Buffer,
  spans: ServerFrame['spans'],
  id: RequestId | undefined,
): ServerFrame {
  const method = spans.method && readValue(bytes, spans.method)
  if (typeof method !== 'string') throw refused('method is not a name')
  if (id === undefined) return { kind: 'notification', bytes, method, isError: false, spans }
  return { kind: 'request', bytes, id, method, isError: false, spans }
}

function readId(id: unknown): RequestId | undefined {
  if (typeof id === 'string' || typeof id === 'number') return id
  if (id === null) return undefined
  throw refused('id is neither a string nor a number')
}

/** Compares bytes, because the first letter already tells true from everything else. */
const isTrue = (bytes: Buffer, span: Span | undefined): boolean =>
  span !== undefined && bytes[span[0]] === 't'.charCodeAt(0)
