import { Environment } from '@marcbachmann/cel-js'

import type { RuleVars } from '../rule.ts'
import { childrenOf, hasOf, literalText, pathOf, type Node } from './ast.ts'
import { expressionLimits, type Finding } from './dialect.ts'
import { declaredMembers, declareType, isSchema, type JsonSchema } from './schema-type.ts'

export type CheckTypes = (
  expression: string,
  ast: Node,
  /** What the arguments look like; absent where nothing says so. */
  schema: JsonSchema | undefined,
) => readonly Finding[]

/** Makes the checker of a document: types of variables, and functions of ours with the types they take. */
export function createCheckTypes(vars: RuleVars): CheckTypes {
  const base = createTypedEnvironment(vars)

  return function checkTypes(expression, ast, schema) {
    const missing = schema ? missingFields(ast, schema) : []
    if (missing.length > 0) return missing
    const environment = base.clone()
    const { name, open } = schema
      ? declareType(environment, schema, guardedPaths(ast))
      : { name: 'dyn', open: [] }
    environment.registerVariable('args', name)
    return [
      ...checkResult(environment, expression),
      ...openReads(ast, open),
      ...(schema ? outsideEnum(ast, schema) : []),
    ]
  }
}

const FACTS = {
  tool: { server: 'string', name: 'string', labels: 'list<string>', risk: 'double' },
  server: { slug: 'string', labels: 'list<string>', transport: 'string' },
  user: {
    id: 'string',
    email: 'string',
    groups: 'list<string>',
    roles: 'list<string>',
    mfa: 'bool',
  },
  agent: {
    id: 'string',
    owner: 'string',
    labels: 'list<string>',
    client: 'string',
    kind: 'string',
  },
} as const

const FUNCTIONS = [
  're(string, string): bool',
  'glob(string, string): bool',
  'host(string): string',
  'in_cidr(string, string): bool',
  'path_under(string, string): bool',
  'domain_of(string): string',
] as const

function createTypedEnvironment(vars: RuleVars): Environment {
  const environment = new Environment({
    limits: expressionLimits.parser,
    homogeneousAggregateLiterals: false,
  })
  for (const [name, schema] of Object.entries(FACTS)) environment.registerVariable(name, { schema })
  const types = Object.entries(vars).map(([name, value]) => [name, typeOfVar(value)] as const)
  environment
    .registerVariable('vars', { schema: Object.fromEntries(types) })
    .registerVariable('method', 'string')
    .registerVariable('uri', 'string')
    .registerVariable('ip', 'string')
    .registerVariable('risk', 'double')
    .registerVariable('now', 'google.protobuf.Timestamp')
  for (const signature of FUNCTIONS) environment.registerFunction(signature, () => undefined)
  return environment
}

function typeOfVar(value: RuleVars[string]): string {
  if (Array.isArray(value)) return `list<${value.length > 0 ? typeOfScalar(value[0]) : 'dyn'}>`
  return typeOfScalar(value)
}

const typeOfScalar = (value: unknown): string =>
  typeof value === 'number' ? 'double' : typeof value === 'boolean' ? 'bool' : 'string'

function checkResult(environment: Environment, expression: string): readonly Finding[] {
  const { valid, type, error } = environment.check(expression)
  if (!valid) {
    const message = error?.summary ?? 'the types do not fit'
    return [{ code: 'type_error', message, offset: error?.range?.start ?? 0 }]
  }
  if (type === 'bool' || type === 'dyn') return []
  return [{ code: 'not_boolean', message: `the condition is of type ${type}`, offset: 0 }]
}

function everyNode(node: Node): readonly Node[] {
  return [node, ...childrenOf(node).flatMap(everyNode)]
}

/** Members asked for by `has()`, and everything on the way to them. */
function guardedPaths(ast: Node): readonly (readonly string[])[] {
  return everyNode(ast).flatMap((node) => {
    const [operand, member] = hasOf(node) ?? []
    const path = operand && pathOf(operand)
    return path && member !== undefined ? [[...path, member]] : []
  })
}

function missingFields(ast: Node, schema: JsonSchema): readonly Finding[] {
  const guarded = new Set(guardedPaths(ast).map((path) => path.join('\0')))
  return everyNode(ast).flatMap((node): readonly Finding[] => {
    const path = pathOf(node)
    if (path?.[0] !== 'args' || path.length < 2 || guarded.has(path.join('\0'))) return []
    const parent = schemaAt(schema, path.slice(1, -1))
    const members = parent && declaredMembers(parent)
    const field = path.at(-1) ?? ''
    if (!members || Object.hasOwn(members, field)) return []
    const message = `the arguments have no field "${path.slice(1).join('.')}"`
    return [{ code: 'field_missing_in_tool', message, offset: node.start }]
  })
}

/** Undefined where the schema does not say. */
function schemaAt(schema: JsonSchema, path: readonly string[]): JsonSchema | undefined {
  let current: unknown = schema
  for (const key of path) {
    const members: Readonly<Record<string, unknown>> | undefined = isSchema(current)
      ? declaredMembers(current)
      : undefined
    if (!members || !Object.hasOwn(members, key)) return undefined
    current = members[key]
  }
  return isSchema(current) ? current : undefined
}

function openReads(ast: Node, open: readonly string[]): readonly Finding[] {
  const read = everyNode(ast).find((node) => {
    const path = pathOf(node)?.join('.')
    return path !== undefined && open.includes(path)
  })
  if (!read) return []
  const message = `the type of ${pathOf(read)?.join('.')} is left open`
  return [{ code: 'dyn_argument', message, offset: read.start }]
}

/** Comparisons with a text that the schema's enum does not have. */
function outsideEnum(ast: Node, schema: JsonSchema): readonly Finding[] {
  return everyNode(ast).flatMap((node): readonly Finding[] => {
    if (node.op !== '==' && node.op !== '!=') return []
    const [left, right] = node.args
    return [
      [left, right],
      [right, left],
    ].flatMap(([field, literal]) => {
      const path = field && pathOf(field)
      const text = literalText(literal)
      if (path?.[0] !== 'args' || text === undefined) return []
      const values = schemaAt(schema, path.slice(1))?.['enum']
      if (!Array.isArray(values) || values.includes(text)) return []
      const message = `"${text}" is not a value of ${path.join('.')}`
      return [{ code: 'literal_outside_enum', message, offset: node.start }]
    })
  })
}
