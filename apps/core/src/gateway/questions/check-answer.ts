import { CoreError } from '../../ground/errors.ts'
import type { Question } from '../../model/question.ts'
import { compileSchema, type Validate } from '../calls/compile-schema.ts'

/** @throws CoreError `params_invalid` when the answer is none to the question */
export type CheckAnswer = (key: string, result: unknown) => void

/**
 * What an answer to a question has to be: for a form, one of three actions, and what was filled in has to fit the schema
 * that the server asked by (MCP-67).
 *
 * @throws CoreError `params_invalid` when nothing could tell
 */
export function answerCheck({ method, params }: Question): CheckAnswer {
  if (method !== 'elicitation/create') return () => undefined
  const asked: unknown = JSON.parse(params.toString('utf8'))
  const isForm = member(asked, 'mode') !== 'url'
  const schema = isForm ? member(asked, 'requestedSchema') : undefined
  const validate = schema === undefined ? anything : compileSchema(schema, 'content')
  if (!validate) throw invalid('The form cannot be checked.')
  return (key, result) => {
    const problem = problemIn(result, validate)
    if (problem !== undefined) throw invalid(`inputResponses.${key}: ${problem}`)
  }
}

const anything: Validate = () => undefined

function problemIn(result: unknown, validate: Validate): string | undefined {
  switch (member(result, 'action')) {
    case 'accept':
      return validate(member(result, 'content') ?? {})
    case 'decline':
    case 'cancel':
      return undefined
    default:
      return 'action must be accept, decline or cancel'
  }
}

function member(object: unknown, name: string): unknown {
  const isObject = typeof object === 'object' && object !== null && !Array.isArray(object)
  return isObject && Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined
}

const invalid = (problem: string): CoreError => new CoreError('params_invalid', { problem })
