/** The members of `_meta` that carry a trace from hop to hop, by W3C Trace Context and Baggage, as they came in. */
export type Trace = Readonly<Partial<Record<'traceparent' | 'tracestate' | 'baggage', unknown>>>

export const isTraceMember = (name: string): name is keyof Trace =>
  name === 'traceparent' || name === 'tracestate' || name === 'baggage'

/** How a trace goes on to one server. */
export type TraceHop = Readonly<{
  /** 16 lower-case hex digits, fresh and not all zero. Asked only when there is a trace to go on. */
  newSpanId: () => string
  /** The server may learn what callers attach to a trace, which is often about people. */
  relaysBaggage: boolean
}>

/**
 * What of a trace goes on: this hop is a child of the client's span, and a state belongs to its parent. What is not
 * well-formed ends here, as it is nobody's trace (MCP-133). Without a hop all of it does.
 */
export function nextTrace(sent: Trace, hop: TraceHop | undefined): Trace {
  if (!hop) return {}
  const traceparent = childTraceparent(sent.traceparent, hop.newSpanId)
  const { tracestate, baggage } = sent
  return {
    ...(traceparent !== undefined && { traceparent }),
    ...(traceparent !== undefined && isTracestate(tracestate) && { tracestate }),
    ...(hop.relaysBaggage && isBaggage(baggage) && { baggage }),
  }
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const ZEROS = /^0+$/
/** Sampled, and random trace id: the flags that version 00 gives a meaning to. The others travel as zeros. */
const KNOWN_FLAGS = 0b11

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
function childTraceparent(value: unknown, newSpanId: () => string): string | undefined {
  const [, version, traceId = '', parentId = '', flags = '', more] =
    (typeof value === 'string' && TRACEPARENT.exec(value)) || []
  // A later version may have more to say; what it says here is what version 00 reads.
  const isKnown = version !== undefined && version !== 'ff' && (version !== '00' || !more)
  if (!isKnown || ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined
  const kept = (Number.parseInt(flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0')
  return `00-${traceId}-${newSpanId()}-${kept}`
}

const STATE_MEMBERS_MAX = 32
const STATE_KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** @see https://www.w3.org/TR/trace-context/#tracestate-header */
function isTracestate(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const members = listOf(value).filter((member) => member !== '')
  const pairs = members.map((member) => halves(member, '='))
  const isEach = pairs.every(([key, text]) => STATE_KEY.test(key) && STATE_VALUE.test(text))
  const isOnce = new Set(pairs.map(([key]) => key)).size === pairs.length
  return members.length <= STATE_MEMBERS_MAX && isEach && isOnce
}

const BAGGAGE_CHARS_MAX = 8192
const BAGGAGE_MEMBERS_MAX = 180
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const BAGGAGE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/

/** @see https://www.w3.org/TR/baggage/#baggage-http-header-format */
function isBaggage(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > BAGGAGE_CHARS_MAX) return false
  const members = listOf(value)
  return members.length <= BAGGAGE_MEMBERS_MAX && members.every(isBaggageMember)
}

function isBaggageMember(member: string): boolean {
  const [pair = '', ...properties] = member.split(';').map(trimmed)
  const isPair = pair.includes('=') && isKeyAndValue(pair)
  return isPair && properties.every(isKeyAndValue)
}

function isKeyAndValue(text: string): boolean {
  const [key, value] = halves(text, '=').map(trimmed)
  return TOKEN.test(key ?? '') && BAGGAGE_VALUE.test(value ?? '')
}

const listOf = (value: string): readonly string[] => value.split(',').map(trimmed)

/** Optional white space of HTTP, and no other: what is not it makes a member invalid. */
const trimmed = (text: string): string =>
  text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '')

function halves(text: string, by: string): readonly [string, string] {
  const at = text.indexOf(by)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
