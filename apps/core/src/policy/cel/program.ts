import { serialize, type ParseResult } from '@marcbachmann/cel-js'

import { readExpression, type Finding, type Variable } from './dialect.ts'
import type { Node } from './ast.ts'
import type { Meter } from './meter.ts'
import { printMetered } from './print.ts'
import { createRunEnvironment } from './run-environment.ts'
import { createParseExpression } from './parse-expression.ts'

/** Values of the variables, in the form conditions see them; absent ones are an error when read. */
export type Bindings = Readonly<Partial<Record<Variable, unknown>>>

/** True or false; whatever could not be worked out is an error, and what that means depends on the rule (POL-18). */
export type Outcome = 'true' | 'false' | 'error'

export type Program = Readonly<{
  ast: Node
  reads: ReadonlySet<Variable>
  /** A part of the condition, as text that says the same. */
  textOf: (node: Node) => string
  /** Never throws. */
  run: (bindings: Bindings, meter: Meter) => Outcome
}>

export type Compiled = Readonly<{ program: Program } | { findings: readonly Finding[] }>

export type CompileCondition = (expression: string) => Compiled

/** The one door to the engine that evaluates: parse, hold against the allow-list, make runnable. */
export function createConditions(): CompileCondition {
  const parseExpression = createParseExpression()
  const { environment, useMeter } = createRunEnvironment()

  function toProgram(ast: Node, reads: ReadonlySet<Variable>): Program {
    const evaluate = environment.parse(printMetered(ast))
    return {
      ast,
      reads,
      textOf: serialize,
      run(bindings, meter) {
        useMeter(meter)
        return evaluateSafely(evaluate, bindings)
      },
    }
  }

  return function compileCondition(expression) {
    const parsed = parseExpression(expression)
    if ('findings' in parsed) return parsed
    const { findings, reads } = readExpression(parsed.ast)
    return findings.length > 0 ? { findings } : { program: toProgram(parsed.ast, reads) }
  }
}

/** The engine throws for every kind of error, and promises nothing about the type of a result. */
function evaluateSafely(evaluate: ParseResult, bindings: Bindings): Outcome {
  try {
    const value: unknown = evaluate(bindings)
    if (value === true) return 'true'
    return value === false ? 'false' : 'error'
  } catch {
    return 'error'
  }
}
