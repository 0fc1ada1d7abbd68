import { isDeepStrictEqual } from 'node:util'

import { isCoreError } from '../../apps/core/src/ground/errors.ts'
import { clientMessage } from '../../apps/core/src/protocol/places.ts'
import { type Scanned, scan } from '../../apps/core/src/protocol/scan.ts'
import { isHeldByDouble, type JsonFacts, readFacts } from './json-facts.ts'

const strict = { depthMax: 64, isStrict: true } as const
const lax = { depthMax: 128, isStrict: false } as const

const PARAMS_META = ['params', '_meta'] as const
const VERSION = 'io.modelcontextprotocol/protocolVersion'

/** Where the value of a slot stands in a request. */
const slots: readonly (readonly [keyof Scanned['spans'], readonly string[]])[] = [
  ['id', ['id']],
  ['method', ['method']],
  ['params', ['params']],
  ['name', ['params', 'name']],
  ['uri', ['params', 'uri']],
  ['refName', ['params', 'ref', 'name']],
  ['refUri', ['params', 'ref', 'uri']],
  ['arguments', ['params', 'arguments']],
  ['cursor', ['params', 'cursor']],
  ['meta', PARAMS_META],
  ['progressToken', [...PARAMS_META, 'progressToken']],
  ['protocolVersion', [...PARAMS_META, VERSION]],
]

/** Names that a strict reader refuses in another case, in some places. */
const PROTOCOL_NAMES: ReadonlySet<string> = new Set(namesOf(clientMessage, new Set()).map(fold))

/**
 * Says how the scanner and `JSON.parse` differ over these bytes, and nothing when they do not: a strict scan accepts
 * exactly the JSON that every parser reads alike, and its spans are the values that a parser finds (MCP-90, MCP-173).
 */
export function differenceOver(bytes: Buffer): string | undefined {
  const facts = readFacts(bytes)
  const strictly = outcomeOf(bytes, strict)
  const laxly = outcomeOf(bytes, lax)
  if (strictly === 'threw' || laxly === 'threw') return 'threw what is no refusal'
  if (!facts) {
    if (typeof strictly !== 'string') return 'accepted strictly, but it is no JSON'
    if (typeof laxly !== 'string' && !hasControl(bytes)) return 'accepted laxly, but it is no JSON'
    return undefined
  }
  return (
    strictDifference(facts, strictly) ??
    laxDifference(facts, laxly) ??
    (typeof strictly === 'string' ? undefined : scannedDifference(bytes, facts, strictly))
  )
}

function strictDifference({ faults, names }: JsonFacts, outcome: Outcome): string | undefined {
  if (outcome === 'not_json') return 'taken for no JSON, but it is some'
  if (faults.length > 0) {
    return outcome === 'frame_invalid' ? undefined : `accepted in spite of: ${faults.join(', ')}`
  }
  const mayBeOdd = names.some((name) => PROTOCOL_NAMES.has(fold(name)) && !isExact(name))
  return outcome === 'frame_invalid' && !mayBeOdd ? 'refused without a reason' : undefined
}

/** A lax scan is for servers: it bears half pairs and long numbers, but nothing that means two things. */
function laxDifference({ faults, depth }: JsonFacts, outcome: Outcome): string | undefined {
  const isAmbiguous = faults.includes('repeated name') || faults.includes('__proto__')
  const isRefused = typeof outcome === 'string'
  if (isRefused === (isAmbiguous || depth > lax.depthMax)) return undefined
  return isRefused ? 'refused laxly without a reason' : 'accepted laxly, but it is ambiguous'
}

function scannedDifference(
  bytes: Buffer,
  { value, numbers }: JsonFacts,
  { spans, lossyNumber }: Scanned,
): string | undefined {
  const isLossy = numbers.some((token) => !isHeldByDouble(token))
  if (isLossy !== (lossyNumber !== undefined))
    return 'a number is lossy to one and not to the other'
  // Members of a result take the same slots.
  if (isObject(value) && 'result' in value) return undefined
  for (const [slot, path] of slots) {
    const span = spans[slot]
    const there = valueAt(value, path)
    const noted = span && { value: JSON.parse(bytes.toString('utf8', ...span)) as unknown }
    if (!isDeepStrictEqual(noted, there)) return `the span of ${slot} is another value`
  }
  return undefined
}

type Outcome = Scanned | 'not_json' | 'frame_invalid' | 'threw'

function outcomeOf(bytes: Buffer, rules: typeof strict | typeof lax): Outcome {
  try {
    return scan(bytes, clientMessage, rules)
  } catch (error) {
    if (isCoreError(error, 'not_json')) return 'not_json'
    if (isCoreError(error, 'frame_invalid')) return 'frame_invalid'
    return 'threw'
  }
}

function valueAt(value: unknown, path: readonly string[]): { value: unknown } | undefined {
  let at = value
  for (const name of path) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return { value: at }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const hasControl = (bytes: Buffer): boolean => bytes.some((byte) => byte < 0x20)

function namesOf(place: typeof clientMessage, seen: Set<unknown>): readonly string[] {
  if (seen.has(place)) return []
  seen.add(place)
  return place.members.flatMap(({ name, inside }) => [
    name,
    ...(inside ? namesOf(inside, seen) : []),
  ])
}

function fold(name: string): string {
  return name.toUpperCase().toLowerCase()
}

const EXACT: ReadonlySet<string> = new Set(namesOf(clientMessage, new Set()))
const isExact = (name: string): boolean => EXACT.has(name)
