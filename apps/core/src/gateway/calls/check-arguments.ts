import { CoreError } from '../../ground/errors.ts'
import type { CatalogueItem } from '../../model/server.ts'
import { findParamHeaders, type ParamHeader } from '../../protocol/rev-2026-07-28/param-headers.ts'
import { compileSchema, linearRegExp } from './compile-schema.ts'
import { comparesNumbers, withStandIns } from './exact-arguments.ts'
import { createFindUndeclared } from './undeclared-arguments.ts'

/** What the accepted definition of a tool asks of a call. */
export type ToolContract = Readonly<{
  /** @throws CoreError `params_invalid` when the arguments do not fit the schema, or nothing could tell (POL-13) */
  check: (args: unknown) => void
  /**
   * The same for arguments with numbers that no double holds, which only a schema can judge that asks nothing of them
   * but to be numbers (MCP-92).
   *
   * @throws CoreError `params_invalid`
   */
  checkExact: (args: unknown) => void
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
  const validate = compileSchema(schema, 'arguments')
  const findUndeclared = createFindUndeclared(schema, createMatches())
  function check(args: unknown): void {
    if (validate === undefined) throw invalid('The schema of this tool cannot be checked.')
    const problem = validate(args)
    if (problem !== undefined) throw invalid(problem)
  }
  return {
    paramHeaders: findParamHeaders(schema),
    check,
    checkExact(args) {
      if (comparesNumbers(schema)) {
        throw invalid('A number is larger or finer than a double; send it as a string.')
      }
      check(withStandIns(args))
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

/** Each pattern of a schema is compiled once; that it can be, compiling the schema has shown. */
function createMatches(): (pattern: string, name: string) => boolean {
  const compiled = new Map<string, ReturnType<typeof linearRegExp>>()
  return function matches(pattern, name) {
    const known = compiled.get(pattern) ?? linearRegExp(pattern)
    compiled.set(pattern, known)
    return known.test(name)
  }
}

const invalid = (problem: string): CoreError => new CoreError('params_invalid', { problem })

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
