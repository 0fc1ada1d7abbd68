import { problems, type ProblemCode } from '@peta/contract'

import { CoreError, isCoreError, type Fact, type Facts } from '../ground/errors.ts'

/** RFC 9457 problem details, with our code and facts beside the standard members. */
export type ProblemDocument = Readonly<{
  type: string
  code: string
  title: string
  status: number
  detail: string
  instance: string
}> &
  Facts

/** Core serves the page of each code itself, so that the address works in a closed network. */
const TYPE_BASE = '/problems/'

/**
 * Renders any failure for the API. What is no CoreError becomes `internal` with nothing but the request's id: its
 * text belongs to our log.
 */
export function problemOf(error: unknown, requestId: string): ProblemDocument {
  const code: ProblemCode = isCoreError(error) ? error.code : 'internal'
  const facts = isCoreError(error) ? error.facts : {}
  const { status, title, remedy } = problems[code]
  return {
    ...facts,
    type: TYPE_BASE + code,
    code,
    title,
    status,
    detail: fillRemedy(remedy, facts),
    instance: requestId,
  }
}

/** A sentence whose facts are missing still has to be a sentence. */
export const fillRemedy = (remedy: string, facts: Facts): string =>
  remedy.replace(/\{(\w+)\}/g, (_, name: string) => textOf(facts[name]) ?? `(${name})`)

function textOf(fact: Fact | undefined): string | undefined {
  if (fact === undefined) return undefined
  if (typeof fact !== 'object') return String(fact)
  return Array.isArray(fact) ? fact.map(textOf).join(', ') : JSON.stringify(fact)
}

/** @throws CoreError `not_found` */
export function problemPage(code: string): string {
  if (!isProblemCode(code)) throw new CoreError('not_found')
  const { status, title, remedy } = problems[code]
  return `${title}\n\ncode: ${code}\nHTTP status: ${status}\n\n${fillRemedy(remedy, {})}\n`
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code)
