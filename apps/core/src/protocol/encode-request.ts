import type { Era, Frame, Span } from '../model/frame.ts'
import { OPEN_OBJECT } from './json-bytes.ts'
import { insertFirst } from './insert-first.ts'
import { type Member, readMembers, readValue } from './members.ts'
import { metaKeys } from './meta-keys.ts'
import { removeMembers } from './remove-members.ts'
import { type Edit, splice } from './splice.ts'
import { isTraceMember, nextTrace, type Trace, type TraceHop } from './trace-context.ts'

/** A client's message on its way to one server. */
export type ServerBound = Readonly<{
  frame: Frame
  /** The era that the server speaks; the frame may be of either. */
  era: Era
  /** Id of this hop, unique in the connection. Absent for a notification. */
  hopId?: number
  /** The server's own name or URI, where the client's differs. */
  name?: string
  uri?: string
  /** Unique in the connection; only used when the client sent a token of its own (MCP-130). */
  progressToken?: number
  /** Without it the client's trace ends here. */
  trace?: TraceHop
  /** The rest is only for modern servers. */
  protocolVersion?: string
  clientCapabilities?: unknown
  clientInfo?: unknown
  /** Of the session, for a legacy client's call. */
  logLevel?: string | undefined
  round?: Round
  /** Its server makes a task of it, which an older one does only when it is told to. */
  asTask?: boolean
}>

/** What a call carries when it is sent again with answers to its server's questions (MCP-60, MCP-63). */
export type Round = Readonly<{
  /** One JSON object; absent where the client's own stands in the frame. */
  inputResponses?: string
  /** The server's, exactly; absent where it gave none. */
  requestState?: string
}>

/** What each hop writes anew. */
const REWRITTEN_META: ReadonlySet<string> = new Set([
  metaKeys.protocolVersion,
  metaKeys.clientInfo,
  metaKeys.clientCapabilities,
  'progressToken',
])

/**
 * The client's frame in the server's era: the same bytes, but for the spans that the protocol has every hop rewrite
 * (MCP-82). `arguments` is never touched, so what policy judged is what is sent.
 */
export function encodeRequest(request: ServerBound): Buffer {
  const { frame, hopId, name, uri } = request
  const { spans } = frame
  const edits: Edit[] = []
  if (spans.id && hopId !== undefined) edits.push({ span: spans.id, text: String(hopId) })
  if (spans.name && name !== undefined) edits.push({ span: spans.name, text: JSON.stringify(name) })
  if (spans.uri && uri !== undefined) edits.push({ span: spans.uri, text: JSON.stringify(uri) })
  const meta = editMeta(request)
  if (meta) edits.push(meta)
  if (request.asTask && spans.params) {
    edits.push(insertFirst(frame.bytes, spans.params, '"task":{}'))
  }
  edits.push(...(request.era === 'modern' ? editRound(request) : withoutRound(request)))
  return splice(frame.bytes, edits)
}

/** A frame that holds a state holds one that Peta sealed; the server's own takes its place. */
function editRound({ frame, round }: ServerBound): readonly Edit[] {
  const { bytes, spans } = frame
  if (!round || !spans.params) return []
  const sealed = readMembers(bytes, spans.params).find(({ name }) => name === 'requestState')
  const state = round.requestState === undefined ? undefined : JSON.stringify(round.requestState)
  const edits: Edit[] = []
  if (sealed && state !== undefined) edits.push({ span: sealed.value, text: state })
  if (sealed && state === undefined) edits.push(...removeMembers(bytes, [sealed.value]))
  const added = [
    ...(round.inputResponses === undefined ? [] : [`"inputResponses":${round.inputResponses}`]),
    ...(sealed || state === undefined ? [] : [`"requestState":${state}`]),
  ]
  if (added.length > 0) edits.push(insertFirst(bytes, spans.params, added.join(',')))
  return edits
}

/** A server of an older revision knows no rounds, and is sent the call as it was at first. */
function withoutRound({ frame, round }: ServerBound): readonly Edit[] {
  const { bytes, spans } = frame
  if (!round || !spans.params) return []
  const ofRound = readMembers(bytes, spans.params).filter(({ name }) => ROUND.has(name))
  return removeMembers(
    bytes,
    ofRound.map(({ value }) => value),
  )
}

const ROUND: ReadonlySet<string> = new Set(['requestState', 'inputResponses'])

function editMeta(request: ServerBound): Edit | undefined {
  const { bytes, spans } = request.frame
  const ours = ourMeta(request)
  if (spans.meta) {
    const text = metaText(bytes, spans.meta, request, ours)
    return { span: spans.meta, text }
  }
  if (ours.length === 0) return undefined
  const member = `"_meta":{${ours.join(',')}}`
  if (spans.params) return insertFirst(bytes, spans.params, member)
  return insertFirst(bytes, [bytes.indexOf(OPEN_OBJECT), bytes.length], `"params":{${member}}`)
}

/** The members that Peta, as the server's client, speaks for itself. */
function ourMeta(request: ServerBound): readonly string[] {
  const { frame, era, progressToken } = request
  const members: string[] = []
  if (frame.spans.progressToken && progressToken !== undefined) {
    members.push(`"progressToken":${progressToken}`)
  }
  if (era === 'legacy') return members
  const own = [
    [metaKeys.protocolVersion, request.protocolVersion],
    [metaKeys.clientCapabilities, request.clientCapabilities ?? {}],
    [metaKeys.clientInfo, request.clientInfo],
    [metaKeys.logLevel, request.logLevel],
  ] as const
  for (const [key, value] of own) {
    if (value !== undefined) members.push(`"${key}":${JSON.stringify(value)}`)
  }
  return members
}

/** Their members that are not rewritten, byte for byte and in their order, then ours. */
function metaText(
  bytes: Buffer,
  span: Span,
  { era, logLevel, trace }: ServerBound,
  ours: readonly string[],
): Buffer | string {
  const keepsLogLevel = era === 'modern' && logLevel === undefined
  const members = readMembers(bytes, span)
  const next = nextTrace(sentTrace(bytes, members), trace)
  const kept = members
    .filter(({ name }) => !REWRITTEN_META.has(name))
    .filter(({ name }) => keepsLogLevel || name !== metaKeys.logLevel)
    .filter(({ name }) => !isTraceMember(name) || next[name] !== undefined)
    .map(({ name, start, value }) =>
      name === 'traceparent'
        ? `"traceparent":${JSON.stringify(next[name])}`
        : bytes.toString('utf8', start, value[1]),
    )
  return `{${[...kept, ...ours].join(',')}}`
}

const sentTrace = (bytes: Buffer, members: readonly Member[]): Trace =>
  Object.fromEntries(
    members
      .filter(({ name }) => isTraceMember(name))
      .map(({ name, value }) => [name, readValue(bytes, value)]),
  )
