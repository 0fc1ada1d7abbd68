/** A JSON Schema that is an object; `true` and `false` declare nothing. */
type Schema = Readonly<Record<string, unknown>>

/** Everything that applies where one schema does. */
type Place = Readonly<{
  parts: readonly Schema[]
  declared: ReadonlySet<string>
  /** The declared names, in one case. */
  folded: ReadonlySet<string>
  /** It says itself that it takes any other name. */
  isOpen: boolean
}>

/** What is wrong with names in the arguments, or undefined. */
export type FindUndeclared = (args: unknown) => string | undefined

/**
 * Finds members that a schema does not declare, and members that differ from a declared one by case alone. JSON Schema
 * allows both unless it is told otherwise, and a server that reads `Amount` as `amount` would let a call pass by the
 * rule that reads `amount` (POL-15).
 *
 * References it cannot follow declare nothing: what only they declare is refused. An object inside the arguments
 * whose schema declares no member at all is free.
 */
export function createFindUndeclared(
  root: unknown,
  matches: (pattern: string, name: string) => boolean,
): FindUndeclared {
  const placeOf = createPlaceOf(root)

  function walk(value: unknown, schemas: readonly Schema[], path: string): string | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    const places = schemas.map(placeOf)
    if (Array.isArray(value)) {
      return first(value, (entry, at) => walk(entry, elementsOf(places, at), `${path}/${at}`))
    }
    const isBound = path === '' || places.some(({ declared }) => declared.size > 0)
    return first(Object.entries(value), ([name, member]) => {
      const below = membersOf(places, name, matches)
      const shown = `${path}/${name.slice(0, NAME_SHOWN_MAX)}`
      const problem = isBound ? judge(places, name, below.isDeclared) : undefined
      return problem ? `arguments${shown} ${problem}` : walk(member, below.schemas, shown)
    })
  }
  return (args) => walk(args, [asSchema(root) ?? {}], '')
}

const NAME_SHOWN_MAX = 64

function judge(places: readonly Place[], name: string, isDeclared: boolean): string | undefined {
  if (places.some(({ declared }) => declared.has(name))) return undefined
  if (places.some(({ folded }) => folded.has(fold(name)))) {
    return 'differs from a declared member by case'
  }
  return isDeclared || places.some(({ isOpen }) => isOpen) ? undefined : 'is not declared'
}

/** Characters that become equal in either case are the same to some reader. */
export const fold = (name: string): string => name.normalize('NFKC').toUpperCase().toLowerCase()

const COMBINING = ['allOf', 'anyOf', 'oneOf'] as const
const CONDITIONAL = ['if', 'then', 'else'] as const
const OPENING = ['additionalProperties', 'unevaluatedProperties'] as const

/** Looks at each schema once, however many values are held against it. */
function createPlaceOf(root: unknown): (schema: Schema) => Place {
  const known = new WeakMap<Schema, Place>()

  return function placeOf(schema) {
    const place = known.get(schema) ?? toPlace(collect(root, schema))
    known.set(schema, place)
    return place
  }
}

function toPlace(parts: readonly Schema[]): Place {
  const names = parts.flatMap(({ properties }) => Object.keys(asSchema(properties) ?? {}))
  const isOpen = parts.some((part) =>
    OPENING.some((keyword) => part[keyword] === true || asSchema(part[keyword]) !== undefined),
  )
  return { parts, declared: new Set(names), folded: new Set(names.map(fold)), isOpen }
}

/** A schema with all that it is combined from, at the same place of a value. */
function collect(root: unknown, schema: Schema): readonly Schema[] {
  const parts = new Set<Schema>()
  const pending: unknown[] = [schema]
  while (pending.length > 0) {
    const part = asSchema(pending.pop())
    if (!part || parts.has(part)) continue
    parts.add(part)
    pending.push(
      ...COMBINING.flatMap((keyword) => asList(part[keyword])),
      ...CONDITIONAL.map((keyword) => part[keyword]),
      ...Object.values(asSchema(part['dependentSchemas']) ?? {}),
      typeof part['$ref'] === 'string' ? follow(root, part['$ref']) : undefined,
    )
  }
  return [...parts]
}

/** A reference by JSON Pointer into the same schema; any other is not followed. */
function follow(root: unknown, reference: string): unknown {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined
  let current: unknown = root
  for (const step of reference.split('/').slice(1)) {
    const key = unescape(step)
    if (key === undefined || typeof current !== 'object' || current === null) return undefined
    current = Object.entries(current).find(([name]) => name === key)?.[1]
  }
  return current
}

function unescape(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}

function membersOf(
  places: readonly Place[],
  name: string,
  matches: (pattern: string, name: string) => boolean,
): Readonly<{ isDeclared: boolean; schemas: readonly Schema[] }> {
  const parts = places.flatMap((place) => place.parts)
  const declaring = parts.flatMap(({ properties, patternProperties }): readonly unknown[] => [
    ...own(properties, name),
    ...Object.entries(asSchema(patternProperties) ?? {}).flatMap(([pattern, schema]) =>
      matches(pattern, name) ? [schema] : [],
    ),
  ])
  const others = parts.flatMap((part) => OPENING.map((keyword) => part[keyword]))
  const isDeclared = declaring.length > 0
  return { isDeclared, schemas: toSchemas(isDeclared ? declaring : others) }
}

const own = (properties: unknown, name: string): readonly unknown[] => {
  const members = asSchema(properties)
  return members && Object.hasOwn(members, name) ? [members[name]] : []
}

function elementsOf(places: readonly Place[], at: number): readonly Schema[] {
  const all = places.flatMap(({ parts }) =>
    parts.flatMap(({ prefixItems, items, additionalItems }) => [
      asList(prefixItems)[at],
      Array.isArray(items) ? items[at] : items,
      additionalItems,
    ]),
  )
  return toSchemas(all)
}

/** Each once: branches that all refer to one schema would otherwise double with every level of a value. */
const toSchemas = (values: readonly unknown[]): readonly Schema[] => [
  ...new Set(values.map(asSchema).filter((schema) => schema !== undefined)),
]

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function asSchema(value: unknown): Schema | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any object is a record of its own members
  return isObject(value) ? (value as Schema) : undefined
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function first<T>(
  values: readonly T[],
  find: (value: T, at: number) => string | undefined,
): string | undefined {
  for (const [at, value] of values.entries()) {
    const found = find(value, at)
    if (found !== undefined) return found
  }
  return undefined
}
