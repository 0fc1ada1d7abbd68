import { Ajv, type AnySchema, type ErrorObject, type Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'

/** Says what is wrong with a value, in the words of the schema and never with the value; undefined when nothing is. */
export type Validate = (value: unknown) => string | undefined

const SCHEMA_CHARS_MAX = 256 * 1024
const SCHEMA_DEPTH_MAX = 64
const SCHEMA_OBJECTS_MAX = 4000
const PROBLEMS_SHOWN = 3

/**
 * A check against a schema that a server wrote. Undefined when nothing here can tell what the schema allows; then nothing
 * is allowed. `root` is what messages call the value.
 */
export function compileSchema(schema: unknown, root: string): Validate | undefined {
  if (!isObject(schema) || !isWithinBounds(schema)) return undefined
  const dialect = dialectOf(schema['$schema'])
  try {
    const check = dialect?.compile(schema as AnySchema)
    return check && ((value) => (check(value) ? undefined : describe(root, check.errors ?? [])))
  } catch {
    // A reference beyond the schema, a pattern that needs backtracking, a keyword used wrongly.
    return undefined
  }
}

const options = {
  strict: false,
  meta: false,
  validateSchema: false,
  addUsedSchema: false,
  validateFormats: false,
  ownProperties: true,
  allErrors: false,
  logger: false,
  code: { regExp: Object.assign(linearRegExp, { code: 'linearRegExp' }) },
} satisfies Options

/** A compiler of its own for each schema: one that is kept would keep every schema it ever saw. */
function dialectOf(uri: unknown): Pick<Ajv, 'compile'> | undefined {
  const name = typeof uri === 'string' ? uri.replace(/^https?:\/\//, '').replace(/#$/, '') : ''
  switch (name) {
    case '':
    case 'json-schema.org/draft/2020-12/schema':
      return new Ajv2020(options)
    case 'json-schema.org/draft/2019-09/schema':
      return new Ajv2019(options)
    case 'json-schema.org/draft-07/schema':
    case 'json-schema.org/draft-06/schema':
      return new Ajv(options)
    default:
      return undefined
  }
}

/** Patterns come from servers: they run in time linear in their input (SEC-71, MCP-93). */
export function linearRegExp(pattern: string): { test: (text: string) => boolean } {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
  return { test: (text) => compiled.matcher(text).find() }
}

function isWithinBounds(schema: unknown): boolean {
  if (JSON.stringify(schema).length > SCHEMA_CHARS_MAX) return false
  let objects = 0
  const walk = (value: unknown, depth: number): boolean => {
    if (typeof value !== 'object' || value === null) return true
    objects += 1
    if (depth > SCHEMA_DEPTH_MAX || objects > SCHEMA_OBJECTS_MAX) return false
    return Object.values(value).every((member) => walk(member, depth + 1))
  }
  return walk(schema, 0)
}

const describe = (root: string, errors: readonly ErrorObject[]): string =>
  errors
    .slice(0, PROBLEMS_SHOWN)
    .map(({ instancePath, message }) => `${root}${instancePath} ${message ?? 'does not fit'}`)
    .join('; ')

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
