import { childrenOf, countNodes, hasOf, macroOf, type Macro, type Node } from './ast.ts'
import { isTimePart } from './zoned-time.ts'

/** Operators that `run-environment.ts` replaces by functions of ours. */
const REPLACED: Readonly<Record<string, string>> = { '==': '_eq', '!=': '_ne', in: '_in' }

const TEXT_METHODS: Readonly<Record<string, string>> = {
  contains: '_contains',
  startsWith: '_starts_with',
  endsWith: '_ends_with',
  lowerAscii: '_lower_ascii',
  upperAscii: '_upper_ascii',
  size: '_size',
}
/** A step that fails costs as much as some forty that do not, and whoever sends arguments decides which it is. */
const UNITS_PER_ITERATION = 40
const PLAIN_CALLS = new Set(['timestamp', 'duration'])

/**
 * Writes a checked condition as the text that is run. It says the same, with every part in parentheses and with
 * functions of ours where the engine's own would cost what nobody counted, or look closer at a value than it may:
 * equality, membership, text, calendars. Ranges of macros are counted before they are walked, and inside a macro
 * every operand is counted by its size (POL-8).
 */
export function printMetered(node: Node): string {
  return print(node, false)
}

function print(node: Node, isInMacro: boolean): string {
  const macro = macroOf(node)
  if (macro) return printMacro(macro, isInMacro)
  const has = hasOf(node)
  if (has) return `_has(${print(has[0], isInMacro)}, ${JSON.stringify(has[1])})`

  const parts = childrenOf(node).map((child) => print(child, isInMacro))
  if (node.op === 'value') return printLiteral(node.args)
  if (node.op === 'id') return node.args
  if (node.op === '.') return `${parts.join('')}.${node.args[1]}`
  if (node.op === 'call' || node.op === 'rcall') return printCall(node.args[0], parts)
  return FORMS[node.op]?.(parts) ?? printOperator(node.op, parts, isInMacro)
}

const FORMS: Readonly<Record<string, (parts: readonly string[]) => string>> = {
  '[]': ([value, index]) => `${value}[${index}]`,
  '!_': ([value]) => `(!${value})`,
  '-_': ([value]) => `(-${value})`,
  '&&': (parts) => `(${parts.join(' && ')})`,
  '||': (parts) => `(${parts.join(' || ')})`,
  '?:': ([condition, yes, no]) => `(${condition} ? ${yes} : ${no})`,
  list: (parts) => `[${parts.join(', ')}]`,
  map: (parts) =>
    `_json({${parts.map((part, at) => part + (at % 2 === 0 ? ': ' : ', ')).join('')}})`,
}

function printMacro({ name, range, variable, body }: Macro, isInMacro: boolean): string {
  const weight = body.reduce((sum, part) => sum + countNodes(part), UNITS_PER_ITERATION)
  const parts = body.map((part) => print(part, true))
  return `_each(${print(range, isInMacro)}, ${weight}).${name}(${[variable, ...parts].join(', ')})`
}

function printCall(name: string, parts: readonly string[]): string {
  if (PLAIN_CALLS.has(name)) return `${name}(${parts.join(', ')})`
  if (isTimePart(name)) return `_time(${parts.join(', ')}, ${JSON.stringify(name)})`
  return `${TEXT_METHODS[name] ?? `_${name}`}(${parts.join(', ')})`
}

function printOperator(operator: string, parts: readonly string[], isInMacro: boolean): string {
  const replaced = REPLACED[operator]
  if (replaced !== undefined) return `${replaced}(${parts.join(', ')})`
  const operands = isInMacro ? parts.map((part) => `_counted(${part})`) : parts
  return `(${operands.join(` ${operator} `)})`
}

function printLiteral(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'number') return String(value)
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}
