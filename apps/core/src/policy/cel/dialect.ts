import type { PolicyProblemCode } from '../problem.ts'
import { childrenOf, countNodes, hasOf, literalText, macroOf, type Node } from './ast.ts'
import { isPattern } from './own-functions.ts'
import { isTimePart, isTimeZone } from './zoned-time.ts'

/** Names a condition may read (POL-12). */
export const variables = [
  'args',
  'tool',
  'server',
  'user',
  'agent',
  'method',
  'uri',
  'now',
  'ip',
  'risk',
  'vars',
] as const
export type Variable = (typeof variables)[number]

/** In the design, and without a value in this release. */
const UNSUPPORTED = new Set(['run', 'history'])

/** Bounds on the text of a condition (POL-8). */
export const expressionLimits = {
  expressionBytesMax: 4096,
  macroNestingMax: 2,
  parser: {
    maxAstNodes: 200,
    maxDepth: 32,
    maxListElements: 500,
    maxMapEntries: 100,
    maxCallArguments: 16,
  },
} as const

/** Functions by name and number of arguments. Whatever is not here is refused (POL-6). */
const FUNCTIONS = new Set([
  'size/1',
  'timestamp/1',
  'duration/1',
  're/2',
  'glob/2',
  'host/1',
  'in_cidr/2',
  'path_under/2',
  'domain_of/1',
])
const METHODS = new Set([
  'size/0',
  'contains/1',
  'startsWith/1',
  'endsWith/1',
  'lowerAscii/0',
  'upperAscii/0',
])

/** What is wrong with a part of an expression, and where in its text. */
export type Finding = Readonly<{ code: PolicyProblemCode; message: string; offset: number }>

export type Reading = Readonly<{
  findings: readonly Finding[]
  /** Variables that the condition reads. */
  reads: ReadonlySet<Variable>
}>

/**
 * Walks a parsed condition against the list of what a condition may use. The engine cannot be told to forget its
 * own functions, so this walk is what keeps them out, `matches` with its backtracking above all.
 */
export function readExpression(root: Node): Reading {
  const walk: Walk = { findings: [], reads: new Set() }
  visit(walk, root, { bound: new Set(), nesting: 0 })
  if (countNodes(root) > expressionLimits.parser.maxAstNodes) {
    report(walk, root, { code: 'limit_exceeded', message: 'the condition has too many parts' })
  }
  return walk
}

type Walk = Readonly<{ findings: Finding[]; reads: Set<Variable> }>
type Place = Readonly<{ bound: ReadonlySet<string>; nesting: number }>
type Verdict = Omit<Finding, 'offset'>

function report({ findings }: Walk, node: Node, verdict: Verdict | undefined): void {
  if (verdict) findings.push({ ...verdict, offset: node.start })
}

function visit(walk: Walk, node: Node, place: Place): void {
  const macro = macroOf(node)
  if (macro) {
    visit(walk, macro.range, place)
    const nesting = place.nesting + 1
    report(walk, node, judgeMacro(macro.variable, nesting))
    const inner = { bound: new Set([...place.bound, macro.variable]), nesting }
    for (const part of macro.body) visit(walk, part, inner)
    return
  }
  if (node.op === 'id') readVariable(walk, node, place)
  if (node.op === 'value') report(walk, node, judgeLiteral(node.args))
  report(walk, node, judgeCall(node))
  for (const child of childrenOf(node)) visit(walk, child, place)
}

function judgeMacro(variable: string, nesting: number): Verdict | undefined {
  const { macroNestingMax } = expressionLimits
  if (nesting > macroNestingMax) {
    return { code: 'macro_nesting', message: `macros are nested deeper than ${macroNestingMax}` }
  }
  if (!isVariable(variable) && !UNSUPPORTED.has(variable)) return undefined
  return { code: 'parse_error', message: `a macro may not name its variable "${variable}"` }
}

function readVariable(walk: Walk, node: Node & { op: 'id' }, { bound }: Place): void {
  const name = node.args
  if (bound.has(name)) return
  if (isVariable(name)) walk.reads.add(name)
  else report(walk, node, unknownVariable(name))
}

const unknownVariable = (name: string): Verdict =>
  UNSUPPORTED.has(name)
    ? { code: 'not_supported_yet', message: `"${name}" has no value in this release` }
    : { code: 'type_error', message: `there is no variable "${name}"` }

function judgeLiteral(value: unknown): Verdict | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return { code: 'function_not_allowed', message: 'bytes and unsigned numbers are not allowed' }
}

const isVariable = (name: string): name is Variable =>
  (variables as readonly string[]).includes(name)

function judgeCall(node: Node): Verdict | undefined {
  if (hasOf(node)) return undefined
  if (node.op === 'call') {
    const [name, parameters] = node.args
    if (!FUNCTIONS.has(`${name}/${parameters.length}`)) return notAllowed(name, parameters.length)
    return judgeArguments(name, parameters)
  }
  if (node.op !== 'rcall') return undefined
  const [name, , parameters] = node.args
  if (isTimePart(name)) return judgeTimePart(name, parameters)
  return METHODS.has(`${name}/${parameters.length}`)
    ? undefined
    : notAllowed(name, parameters.length)
}

const notAllowed = (name: string, count: number): Verdict => ({
  code: 'function_not_allowed',
  message: `${name}() with ${count} arguments is not allowed`,
})

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/
const CEL_DURATION = /^\d{1,9}(ms|s|m|h)$/

/** Arguments that have to be literals, so that a condition cannot fail on them at run time. */
function judgeArguments(name: string, parameters: readonly Node[]): Verdict | undefined {
  const last = literalText(parameters.at(-1))
  if (name === 're' && (last === undefined || !isPattern(last))) {
    return { code: 'regex_invalid', message: 'the pattern of re() is not a literal RE2 pattern' }
  }
  if (name === 'timestamp' && !isInstant(last)) {
    return { code: 'type_error', message: 'timestamp() takes a literal RFC 3339 instant' }
  }
  if (name === 'duration' && (last === undefined || !CEL_DURATION.test(last))) {
    return { code: 'type_error', message: 'duration() takes a literal such as "90s"' }
  }
  return undefined
}

const isInstant = (text: string | undefined): boolean =>
  text !== undefined && RFC_3339.test(text) && !Number.isNaN(Date.parse(text))

function judgeTimePart(name: string, parameters: readonly Node[]): Verdict | undefined {
  const [zone, ...others] = parameters
  const text = literalText(zone)
  if (text !== undefined && others.length === 0 && isTimeZone(text)) return undefined
  return { code: 'type_error', message: `${name}() needs a literal time zone, as "Europe/Berlin"` }
}
