import type { CallResult } from '../model/call.ts'
import type { RequestId, ServerFrame, Span } from '../model/frame.ts'
import { readValue } from './members.ts'
import { serverMessage } from './places.ts'
import { refused } from './scan-cursor.ts'
import { scan } from './scan.ts'

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
    id,
    method: undefined,
    isError: spans.error !== undefined || isTrue(bytes, spans.isError),
    code,
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
  const kind = id === undefined ? 'notification' : 'request'
  return { kind, bytes, id, method, isError: false, code: undefined, spans }
}

function readId(id: unknown): RequestId | undefined {
  if (typeof id === 'string' || typeof id === 'number') return id
  if (id === null) return undefined
  throw refused('id is neither a string nor a number')
}

/** The whole frame of a result: as it was read when it arrived, as long as its bytes are still those. */
export const frameOf = ({ bytes, frame }: CallResult): ServerFrame =>
  frame?.bytes === bytes ? frame : readServerFrame(bytes)

/** Compares bytes, because the first letter already tells true from everything else. */
const isTrue = (bytes: Buffer, span: Span | undefined): boolean =>
  span !== undefined && bytes[span[0]] === 't'.charCodeAt(0)
