import { Environment, ParseError } from '@marcbachmann/cel-js'

import type { Node } from './ast.ts'
import { expressionLimits, type Finding } from './dialect.ts'

export type ParsedExpression = Readonly<{ ast: Node } | { findings: readonly Finding[] }>

export type ParseExpression = (expression: string) => ParsedExpression

/** Makes the parser of conditions, within the limits of the dialect. What it returns never throws. */
export function createParseExpression(): ParseExpression {
  const environment = new Environment({ limits: expressionLimits.parser })

  return function parseExpression(expression) {
    const bytes = Buffer.byteLength(expression)
    if (bytes > expressionLimits.expressionBytesMax) {
      return failed('limit_exceeded', `${bytes} bytes are more than a condition may have`, 0)
    }
    try {
      return { ast: environment.parse(expression).ast }
    } catch (error) {
      return describe(error)
    }
  }
}

function describe(error: unknown): ParsedExpression {
  if (!(error instanceof ParseError))
    return failed('parse_error', 'the condition cannot be read', 0)
  const code = error.code === 'limit_exceeded' ? 'limit_exceeded' : 'parse_error'
  return failed(code, error.summary, error.range?.start ?? 0)
}

const failed = (code: Finding['code'], message: string, offset: number): ParsedExpression => ({
  findings: [{ code, message, offset }],
})
