import { isObject, type Message, readMembersOf } from './message.ts'
import { headerValue } from './modern-headers.ts'

/** What lists of tools that passed by said of the headers of calls: arguments that stand in one too (MCP-22). */
export type ListedTools = Readonly<{
  /** Reads the answer to one `tools/list`. */
  learn: (answer: Buffer) => void
  /** `Mcp-Param-*` of a call. */
  headersOf: (message: Message) => Readonly<Record<string, string>>
}>

type Annotated = Readonly<{ header: string; path: readonly string[] }>

/** As many as Peta takes of one server; the oldest are forgotten. */
const TOOLS_MAX = 5000
const DEPTH_MAX = 8
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export function createListedTools(): ListedTools {
  const known = new Map<string, readonly Annotated[]>()

  function keep(name: string, annotated: readonly Annotated[]): void {
    known.delete(name)
    if (annotated.length === 0) return
    const [oldest] = known.keys()
    if (known.size >= TOOLS_MAX && oldest !== undefined) known.delete(oldest)
    known.set(name, annotated)
  }

  return {
    learn(answer) {
      const { tools } = readMembersOf(answer, 'result')
      if (!Array.isArray(tools)) return
      for (const tool of tools.filter(isObject)) {
        const { name, inputSchema } = tool
        if (typeof name === 'string') keep(name, annotatedIn(inputSchema, []))
      }
    },
    headersOf({ method, params }) {
      const { name, arguments: args } = params
      if (method !== 'tools/call' || typeof name !== 'string') return {}
      const headers = (known.get(name) ?? []).flatMap(({ header, path }) => {
        const value = valueAt(args, path)
        return isSayable(value) ? [[`Mcp-Param-${header}`, headerValue(String(value))]] : []
      })
      return Object.fromEntries(headers)
    },
  }
}

function annotatedIn(schema: unknown, path: readonly string[]): readonly Annotated[] {
  if (!isObject(schema) || path.length > DEPTH_MAX) return []
  const { properties, 'x-mcp-header': header } = schema
  const isHeader = typeof header === 'string' && TOKEN.test(header) && path.length > 0
  const inside = isObject(properties) ? Object.entries(properties) : []
  return [
    ...(isHeader ? [{ header, path }] : []),
    ...inside.flatMap(([key, property]) => annotatedIn(property, [...path, key])),
  ]
}

const valueAt = (args: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    args,
  )

const isSayable = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)
