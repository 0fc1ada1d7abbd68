const ANNOTATION = 'x-mcp-header'
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** What a header can say in one way only; `number` is not, because of its spellings. */
const SAYABLE: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean'])
const DEPTH_MAX = 64

/** Keywords that hold one schema, a list of them, or a map of them by name. */
const APPLICATORS: ReadonlySet<string> = new Set([
  '$defs',
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'contentSchema',
  'definitions',
  'dependencies',
  'dependentSchemas',
  'else',
  'if',
  'items',
  'not',
  'oneOf',
  'patternProperties',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
])
const MAPS: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependencies',
  'dependentSchemas',
  'patternProperties',
])

type Found = Readonly<{ name: unknown; type: unknown; isReachable: boolean }>

/**
 * What is wrong with the header annotations of an input schema, or undefined. A client cannot send what such a tool
 * wants, so nobody can call it (MCP-54).
 */
export function annotationProblem(schema: unknown): string | undefined {
  const found: Found[] = []
  collect(schema, { isReachable: false, isOnPath: true, depth: 0 }, found)
  const names = new Set<string>()
  for (const { name, type, isReachable } of found) {
    if (typeof name !== 'string' || !TOKEN.test(name)) return 'a header name is not a token'
    if (!isReachable) return `${name} is not reached by properties alone`
    if (!isSayable(type)) return `${name} has a type that no header can say`
    if (names.has(name.toLowerCase())) return `${name} is there twice`
    names.add(name.toLowerCase())
  }
  return undefined
}

type Place = Readonly<{
  /** An argument, or a member of one. */
  isReachable: boolean
  /** Only `properties` lead here; the root has that too, and is no argument. */
  isOnPath: boolean
  depth: number
}>

function collect(schema: unknown, place: Place, found: Found[]): void {
  if (!isObject(schema) || place.depth > DEPTH_MAX) return
  if (Object.hasOwn(schema, ANNOTATION)) {
    found.push({ name: schema[ANNOTATION], type: schema['type'], isReachable: place.isReachable })
  }
  const depth = place.depth + 1
  const { isOnPath } = place
  for (const property of valuesOf(schema['properties'])) {
    collect(property, { isReachable: isOnPath, isOnPath, depth }, found)
  }
  for (const [keyword, value] of Object.entries(schema)) {
    if (!APPLICATORS.has(keyword)) continue
    const isMany = MAPS.has(keyword) || Array.isArray(value)
    for (const inner of isMany ? valuesOf(value) : [value]) {
      collect(inner, { isReachable: false, isOnPath: false, depth }, found)
    }
  }
}

function isSayable(type: unknown): boolean {
  if (Array.isArray(type)) return type.every((one) => one === 'null' || SAYABLE.has(one))
  return type === undefined || SAYABLE.has(type)
}

const valuesOf = (value: unknown): readonly unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : []

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
