import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'

import { CoreError } from '../ground/errors.ts'
import type { CatalogueItem } from '../model/server.ts'
import { findParamHeaders, type ParamHeader } from '../protocol/rev-2026-07-28/param-headers.ts'
import { createFindUndeclared } from './undeclared-arguments.ts'

/** What the accepted definition of a tool asks of a call. */
export type ToolContract = Readonly<{
  /** @throws CoreError `params_invalid` when the arguments do not fit the schema, or nothing could tell (POL-13) */
  check: (args: unknown) => void
  /**
   * Besides, that every member has a name the schema declares.
   *
   * @throws CoreError `params_invalid` (POL-15)
   */
  checkNames: (args: unknown) => void
  paramHeaders: readonly ParamHeader[]
}>

export type ToolContracts = (item: CatalogueItem) => ToolContract

const CONTRACTS_MAX = 5000
const SCHEMA_CHARS_MAX = 256 * 1024
const SCHEMA_DEPTH_MAX = 64
const SCHEMA_OBJECTS_MAX = 4000
const PROBLEMS_SHOWN = 3

/**
 * Compiles the accepted `inputSchema` of tools, once per pin: the pin changes with the schema, so an entry never
 * outlives what it was made from. Compiling costs about a millisecond, checking about a microsecond.
 */
export function createToolContracts(): ToolContracts {
  const kept = new Map<string, ToolContract>()

  return function contractOf(item) {
    const known = kept.get(item.pin)
    if (known) return known
    const contract = compileContract(item)
    const [oldest] = kept.keys()
    if (kept.size >= CONTRACTS_MAX && oldest !== undefined) kept.delete(oldest)
    kept.set(item.pin, contract)
    return contract
  }
}

function compileContract(item: CatalogueItem): ToolContract {
  const schema = inputSchemaOf(item)
  const validate = compile(schema)
  const findUndeclared = createFindUndeclared(schema, createMatches())
  return {
    paramHeaders: findParamHeaders(schema),
    check(args) {
      if (validate === undefined) throw invalid('The schema of this tool cannot be checked.')
      if (!validate(args)) throw invalid(describe(validate.errors ?? []))
    },
    checkNames(args) {
      const problem = findUndeclared(args)
      if (problem !== undefined) throw invalid(problem)
    },
  }
}

function inputSchemaOf(item: CatalogueItem): unknown {
  const definition: unknown = JSON.parse(item.definition)
  return isObject(definition) ? definition['inputSchema'] : undefined
}

/** Undefined when nothing here can tell what the schema allows; then nothing is allowed. */
function compile(schema: unknown): ValidateFunction | undefined {
  if (!isObject(schema) || !isWithinBounds(schema)) return undefined
  const dialect = dialectOf(schema['$schema'])
  try {
    return dialect?.compile(schema as AnySchema)
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
function linearRegExp(pattern: string): { test: (text: string) => boolean } {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
  return { test: (text) => compiled.matcher(text).find() }
}

/** Each pattern of a schema is compiled once; that it can be, compiling the schema has shown. */
function createMatches(): (pattern: string, name: string) => boolean {
  const compiled = new Map<string, ReturnType<typeof linearRegExp>>()
  return function matches(pattern, name) {
    const known = compiled.get(pattern) ?? linearRegExp(pattern)
    compiled.set(pattern, known)
    return known.test(name)
  }
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

/** Says where and what, in the words of the schema; never the value. */
const describe = (errors: readonly ErrorObject[]): string =>
  errors
    .slice(0, PROBLEMS_SHOWN)
    .map(({ instancePath, message }) => `arguments${instancePath} ${message ?? 'does not fit'}`)
    .join('; ')

const invalid = (problem: string): CoreError => new CoreError('params_invalid', { problem })

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
