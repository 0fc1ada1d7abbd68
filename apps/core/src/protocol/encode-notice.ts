import type { ServerFrame, Span } from '../model/frame.ts'
import { readMembers } from './members.ts'
import { metaKeys } from './meta-keys.ts'
import { type Edit, splice } from './splice.ts'

/** A notification of Peta's own. */
export const encodeNotice = (method: string, params?: object): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) }))

export type UpdatedFor = Readonly<{
  /** By which the client knows the resource. */
  uri: string
  /** JSON text of the id of its own subscription, where its revision has one (MCP-125). */
  subscriptionId?: string
}>

/** A server's `notifications/resources/updated` as one client gets it: other names, and nothing else (MCP-82). */
export function encodeUpdated({ bytes, spans }: ServerFrame, to: UpdatedFor): Buffer {
  const edits: Edit[] = [...editMeta(bytes, spans, to.subscriptionId)]
  if (spans.uri) edits.push({ span: spans.uri, text: JSON.stringify(to.uri) })
  return splice(bytes, edits)
}

/** The server's own id means something between it and Peta only. */
function editMeta(
  bytes: Buffer,
  { meta, params }: ServerFrame['spans'],
  subscriptionId: string | undefined,
): readonly Edit[] {
  const ours =
    subscriptionId === undefined ? [] : [`"${metaKeys.subscriptionId}":${subscriptionId}`]
  if (meta) return [{ span: meta, text: `{${[...keptMeta(bytes, meta), ...ours].join(',')}}` }]
  if (!params || ours.length === 0) return []
  const at = params[0] + 1
  return [{ span: [at, at], text: `"_meta":{${ours.join(',')}},` }]
}

const keptMeta = (bytes: Buffer, meta: Span): readonly string[] =>
  readMembers(bytes, meta)
    .filter(({ name }) => name !== metaKeys.subscriptionId)
    .map(({ start, value }) => bytes.toString('utf8', start, value[1]))
