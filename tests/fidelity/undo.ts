import { rawElements, rawMembers, rawValue } from './raw-members.ts'

const MCP = 'io.modelcontextprotocol/'

/** What every hop writes anew in `_meta` (MCP-82). */
const REWRITTEN_META: ReadonlySet<string> = new Set([
  'progressToken',
  'traceparent',
  ...['protocolVersion', 'clientInfo', 'clientCapabilities', 'logLevel', 'serverInfo'].map(
    (name) => `${MCP}${name}`,
  ),
  'io.peta/server',
])

/** What differs between the eras in a result (MCP-82). */
const REWRITTEN_RESULT: ReadonlySet<string> = new Set(['ttlMs', 'cacheScope'])

/** A message without what the closed list lets a hop rewrite: the texts of all other members, in their order. */
export type Kept = Readonly<{
  envelope: readonly string[]
  inner: readonly string[]
  meta: readonly string[]
}>

export function keptOfRequest(text: string): Kept {
  return keptOf(text, 'params', (name) => name === 'name')
}

/** `resultType` counts only where it says something else than that the result is complete. */
export function keptOfAnswer(text: string): Kept {
  const isComplete = rawValue(text, 'result', 'resultType') === '"complete"'
  const isEra = (name: string): boolean =>
    REWRITTEN_RESULT.has(name) || (isComplete && name === 'resultType')
  return keptOf(text, 'result', isEra)
}

function keptOf(text: string, inside: string, isRewritten: (name: string) => boolean): Kept {
  const inner = rawValue(text, inside) ?? '{}'
  const meta = rawValue(inner, '_meta') ?? '{}'
  return {
    envelope: texts(text, (name) => name === 'id' || name === inside),
    inner: texts(inner, (name) => name === '_meta' || isRewritten(name)),
    meta: texts(meta, (name) => REWRITTEN_META.has(name)),
  }
}

/** The definitions of a list by their names, each without its name. */
export function keptOfTools(answer: string): ReadonlyMap<string, readonly string[]> {
  const tools = rawElements(rawValue(answer, 'result', 'tools') ?? '[]')
  const kept = tools.map((tool) => {
    const name = String(JSON.parse(rawValue(tool, 'name') ?? 'null')).replace(/^echo__/, '')
    return [name, texts(tool, (member) => member === 'name')] as const
  })
  // Tools of Peta itself came from no server.
  return new Map(kept.filter(([name]) => !name.startsWith('peta__')))
}

const texts = (text: string, isLeftOut: (name: string) => boolean): readonly string[] =>
  rawMembers(text).flatMap((member) => (isLeftOut(member.name) ? [] : [member.text]))
