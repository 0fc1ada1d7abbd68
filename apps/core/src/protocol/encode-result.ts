import { CoreError } from '../ground/errors.ts'
import type { Era, Frame, ServerFrame, Span } from '../model/frame.ts'
import { OPEN_OBJECT } from './json-bytes.ts'
import { readMembers, readValue } from './members.ts'
import { metaKeys } from './meta-keys.ts'
import { exposedUri } from './names.ts'
import { readTtlMs } from './read-ttl.ts'
import { removeMembers } from './remove-members.ts'
import { resultUris } from './result-uris.ts'
import { FITS, fitResult } from './rev-2025-11-25/fit-result.ts'
import { knowsError, legacyVersions, type LegacyVersion } from './rev-2025-11-25/version.ts'
import { type Edit, type Message, spliceMessage } from './splice.ts'

/** A server's answer on its way to the client. */
export type ClientBound = Readonly<{
  answer: ServerFrame
  serverEra: Era
  /** The request it answers; its id goes back byte for byte. */
  request: Frame
  clientEra: Era
  /** Of a legacy client's session. */
  clientVersion?: LegacyVersion
  /** Slug of the server, for the URIs that clients see. */
  alias: string
  /** Whether clients see the server's own URIs (MCP-111). */
  isUnprefixed?: boolean
  /** Peta's `serverInfo` as JSON text. */
  serverInfo: string
  /** The stored answer of an earlier run, given again because its reply was lost (APR-43). */
  isReplay?: boolean
}>

const CACHEABLE_METHOD = 'resources/read'

/**
 * The answer in the client's era: the server's bytes, but for the spans that every hop rewrites (MCP-82).
 *
 * @throws CoreError `server_misbehaves` when the result is no object
 */
export function encodeResult(bound: ClientBound): Message {
  const { answer } = bound
  const { bytes, spans } = answer
  if (spans.result && bytes[spans.result[0]] !== OPEN_OBJECT) {
    throw new CoreError('server_misbehaves', { server: bound.alias })
  }
  const content = spans.result ? editResult(bound, spans.result) : editError(bound)
  const id = editId(bound)
  return spliceMessage(bytes, id ? [id, ...content] : content)
}

function editId({ answer, request }: ClientBound): Edit | undefined {
  const theirs = answer.spans.id
  const ours = request.spans.id
  return theirs && ours && { span: theirs, text: request.bytes.subarray(ours[0], ours[1]) }
}

function editResult(bound: ClientBound, result: Span): readonly Edit[] {
  const { bytes } = bound.answer
  const alias = bound.isUnprefixed ? undefined : bound.alias
  const uris = resultUris(bytes, result).map((span) => ({
    span,
    text: JSON.stringify(exposedUri(alias, String(readValue(bytes, span)))),
  }))
  if (bound.clientEra === 'modern') return [...toModern(bound, result), ...uris]
  const edits = toLegacy(bound, result)
  if (uris.length === 0) return edits
  return [...edits, ...uris.filter(({ span }) => !edits.some((edit) => holds(edit.span, span)))]
}

const holds = (outer: Span, inner: Span): boolean => outer[0] <= inner[0] && inner[1] <= outer[1]

/** Every modern result says what it is and who answers (MCP-25); reads also say how long they hold. */
function toModern(bound: ClientBound, result: Span): readonly Edit[] {
  const { bytes, spans } = bound.answer
  const edits: Edit[] = []
  const added: string[] = []
  const put = (name: string, span: Span | undefined, text: string): void => {
    if (span) edits.push({ span, text })
    else added.push(`"${name}":${text}`)
  }
  if (!spans.resultType) added.push('"resultType":"complete"')
  if (bound.request.method === CACHEABLE_METHOD) {
    put('ttlMs', spans.ttlMs, String(bound.serverEra === 'modern' ? readTtlMs(bound.answer) : 0))
    put('cacheScope', spans.cacheScope, '"private"')
  }
  put('_meta', spans.meta, modernMeta(bound))
  if (added.length === 0) return edits
  const isEmpty = readFirst(bytes, result[0] + 1) === '}'
  const at = result[0] + 1
  edits.push({ span: [at, at], text: isEmpty ? added.join(',') : `${added.join(',')},` })
  return edits
}

/** The server's members byte for byte, but for its own description, which moves aside. */
function modernMeta({ answer, serverInfo, isReplay }: ClientBound): string {
  const { bytes, spans } = answer
  const members = spans.meta ? readMembers(bytes, spans.meta) : []
  const kept = members
    .filter(({ name }) => name !== metaKeys.serverInfo && name !== metaKeys.petaServer)
    .map(({ start, value }) => bytes.toString('utf8', start, value[1]))
  const theirs = spans.serverInfo && bytes.toString('utf8', ...spans.serverInfo)
  return `{${[
    ...kept,
    `"${metaKeys.serverInfo}":${serverInfo}`,
    ...(isReplay ? [REPLAY] : []),
    ...(theirs === undefined ? [] : [`"${metaKeys.petaServer}":${theirs}`]),
  ].join(',')}}`
}

/** Without what the client's revision does not know or does not accept (MCP-62, MCP-63 step 6). */
function toLegacy(bound: ClientBound, result: Span): readonly Edit[] {
  const { answer, serverEra, clientVersion: version = legacyVersions[0], alias } = bound
  const { bytes, spans } = answer
  const { structuredContent } = spans
  const fitted = fitResult({ bytes, result, structuredContent, version, alias })
  const isForeign = serverEra === 'modern'
  if (fitted === FITS && !isForeign && !bound.isReplay) return NO_EDITS
  const foreign = isForeign ? [spans.resultType, spans.ttlMs, spans.cacheScope] : []
  const removed = [...foreign, ...fitted.removed]
  const mark = bound.isReplay ? [REPLAY] : []
  if (!spans.meta) {
    const added = [...fitted.added, ...mark.map((member) => `"_meta":{${member}}`)]
    return [...editObject(bytes, result, { added, removed }), ...fitted.replaced]
  }
  const info = isForeign ? [spans.serverInfo] : []
  return [
    ...editObject(bytes, result, { added: fitted.added, removed }),
    ...editObject(bytes, spans.meta, { added: mark, removed: info }),
    ...fitted.replaced,
  ]
}

const NO_EDITS: readonly Edit[] = []

const REPLAY = `"${metaKeys.petaReplayed}":true`

type Members = Readonly<{ added: readonly string[]; removed: readonly (Span | undefined)[] }>

/** Members put before an object's own, and some of those taken out. */
function editObject(bytes: Buffer, object: Span, { added, removed }: Members): readonly Edit[] {
  const gone = removed.filter((span) => span !== undefined).toSorted((a, b) => a[0] - b[0])
  const taken = removeMembers(bytes, gone)
  if (added.length === 0) return taken
  const isAlone = readMembers(bytes, object).length === gone.length
  const at = object[0] + 1
  return [{ span: [at, at], text: `${added.join(',')}${isAlone ? '' : ','}` }, ...taken]
}

/** Codes that one revision gives a meaning that the client's has not, or that are about our hop (MCP-83, MCP-24). */
function editError({ answer, clientEra, clientVersion }: ClientBound): readonly Edit[] {
  const { code, spans } = answer
  if (code === undefined || !spans.code) return []
  const relayed = relayedCode(code, clientEra, clientVersion)
  return relayed === code ? [] : [{ span: spans.code, text: String(relayed) }]
}

/** The code that a client of an era, and of a version of the older one, gets to see for a server's. */
export function relayedCode(code: number, era: Era, version?: LegacyVersion): number {
  if (code === -32_020 || code === -32_022) return -32_603
  if (version !== undefined && !knowsError(version, code)) return -32_603
  if (era === 'legacy') return code
  if (code === -32_002) return -32_602
  const isUnassigned = code <= -32_020 && code >= -32_099 && code !== -32_021
  return isUnassigned ? -32_603 : code
}

function readFirst(bytes: Buffer, from: number): string {
  return /^\s*(.)/su.exec(bytes.toString('latin1', from, from + 64))?.[1] ?? ''
}
