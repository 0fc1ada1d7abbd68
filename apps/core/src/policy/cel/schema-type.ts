import type { Environment } from '@marcbachmann/cel-js'

/** The part of a JSON schema that types are made from; anything else in it leaves a value untyped. */
export type JsonSchema = Readonly<Record<string, unknown>>

export type SchemaType = Readonly<{
  /** Name of the type, for the engine. */
  name: string
  /** Paths whose type the schema leaves open. */
  open: readonly string[]
}>

/** Combinations of schemas: their value may be of several types, so it has none. */
const COMBINED = ['$ref', '$dynamicRef', 'anyOf', 'oneOf', 'allOf', 'not', 'if'] as const
const DEPTH_MAX = 16

export const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Members an object schema declares; undefined where it declares none or allows others explicitly. */
export function declaredMembers(schema: JsonSchema): Readonly<Record<string, unknown>> | undefined {
  const { type, properties, additionalProperties } = schema
  const isObject = type === 'object' || type === undefined
  const isOpen = additionalProperties === true || isSchema(additionalProperties)
  if (!isObject || isOpen || isCombined(schema) || !isSchema(properties)) return undefined
  return Object.keys(properties).length > 0 ? properties : undefined
}

const isCombined = (schema: JsonSchema): boolean =>
  COMBINED.some((keyword) => schema[keyword] !== undefined)

/**
 * Declares the type of a schema's values (POL-10). Numbers are doubles, because that is what JSON numbers are when
 * conditions run. Members in `guarded`, that a condition asks for by `has()`, may be missing from the schema.
 */
export function declareType(
  environment: Environment,
  schema: JsonSchema,
  guarded: readonly (readonly string[])[],
): SchemaType {
  const open: string[] = []
  let count = 0

  function nameOf(value: unknown, path: readonly string[]): string {
    const known = isSchema(value) && path.length <= DEPTH_MAX && !isCombined(value)
    const name = known ? typed(value, path) : undefined
    if (name === undefined) open.push(path.join('.'))
    return name ?? 'dyn'
  }

  function typed(value: JsonSchema, path: readonly string[]): string | undefined {
    if (value['type'] === 'string') return 'string'
    if (value['type'] === 'boolean') return 'bool'
    if (value['type'] === 'number' || value['type'] === 'integer') return 'double'
    if (value['type'] === 'array') return `list<${nameOf(value['items'], [...path, '[]'])}>`
    const members = declaredMembers(value)
    return members && objectType(members, path)
  }

  function objectType(members: Readonly<Record<string, unknown>>, path: readonly string[]): string {
    const fields: Record<string, string> = Object.create(null)
    for (const [key, member] of Object.entries(members))
      fields[key] = nameOf(member, [...path, key])
    for (const key of guardedBelow(path)) fields[key] ??= 'dyn'
    count += 1
    const name = `Arguments${count}`
    environment.registerType(name, { fields })
    return name
  }

  function guardedBelow(path: readonly string[]): readonly string[] {
    return guarded
      .filter((one) => one.length > path.length && path.every((key, at) => key === one[at]))
      .map((one) => one[path.length] ?? '')
  }

  return { name: nameOf(schema, ['args']), open }
}
