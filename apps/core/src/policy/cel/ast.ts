import type { ASTNode } from '@marcbachmann/cel-js'

export type Node = ASTNode

const MACROS: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  filter: [2],
  map: [2, 3],
}

/** A call that evaluates `body` once for each entry of `range`, with `variable` bound to the entry. */
export type Macro = Readonly<{
  name: string
  range: Node
  variable: string
  body: readonly Node[]
}>

export function macroOf(node: Node): Macro | undefined {
  if (node.op !== 'rcall') return undefined
  const [name, range, [variable, ...body]] = node.args
  if (!Object.hasOwn(MACROS, name) || variable?.op !== 'id') return undefined
  if (MACROS[name]?.includes(body.length + 1) !== true) return undefined
  return { name, range, variable: variable.args, body }
}

/** The operand and member of a `has()`. */
export function hasOf(node: Node): readonly [operand: Node, member: string] | undefined {
  if (node.op !== 'call' || node.args[0] !== 'has') return undefined
  const [only, ...others] = node.args[1]
  return only?.op === '.' && others.length === 0 ? only.args : undefined
}

/** Parts of an expression that are expressions themselves; the variable of a macro is not. */
export function childrenOf(node: Node): readonly Node[] {
  const macro = macroOf(node)
  if (macro) return [macro.range, ...macro.body]
  if (node.op === 'value' || node.op === 'id') return []
  if (node.op === '.' || node.op === '.?') return [node.args[0]]
  if (node.op === '!_' || node.op === '-_') return [node.args]
  if (node.op === 'call') return node.args[1]
  if (node.op === 'rcall') return [node.args[1], ...node.args[2]]
  return node.op === 'map' ? node.args.flat() : node.args
}

export function countNodes(node: Node): number {
  return childrenOf(node).reduce((count, child) => count + countNodes(child), 1)
}

/** Members named one after the other from a variable: `args.to.name` and `args["to"].name` are `[args, to, name]`. */
export function pathOf(node: Node): readonly string[] | undefined {
  if (node.op === 'id') return [node.args]
  if (node.op === '.') {
    const parent = pathOf(node.args[0])
    return parent && [...parent, node.args[1]]
  }
  if (node.op !== '[]' || node.args[1].op !== 'value') return undefined
  const parent = pathOf(node.args[0])
  const key = node.args[1].args
  return parent && typeof key === 'string' ? [...parent, key] : undefined
}

/** The expressions that all have to be true for this one to be. */
export const conjunctsOf = (node: Node): readonly Node[] =>
  node.op === '&&' ? node.args.flatMap(conjunctsOf) : [node]

/** The text that is written there; undefined when it is no text literal. */
export const literalText = (node: Node | undefined): string | undefined =>
  node?.op === 'value' && typeof node.args === 'string' ? node.args : undefined
