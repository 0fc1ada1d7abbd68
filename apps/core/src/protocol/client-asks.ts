import { asks, questionMethods, type Ask, type QuestionMethod } from '../model/question.ts'

/** Which of the declared capabilities of a client are about being asked. Both eras write them alike (MCP-55). */
export function readAsks(capabilities: unknown): readonly Ask[] {
  const elicitation = member(capabilities, 'elicitation')
  const sampling = member(capabilities, 'sampling')
  const hasUrl = isObject(member(elicitation, 'url'))
  const offered: Readonly<Record<Ask, boolean>> = {
    // An empty object is how revisions before the modes declared the only one there was.
    'elicitation.form': isObject(elicitation) && (!hasUrl || isObject(member(elicitation, 'form'))),
    'elicitation.url': hasUrl,
    sampling: isObject(sampling),
    'sampling.context': isObject(member(sampling, 'context')),
    'sampling.tools': isObject(member(sampling, 'tools')),
    roots: isObject(member(capabilities, 'roots')),
  }
  return asks.filter((ask) => offered[ask])
}

/** The same as an object that a server understands; what Peta does not carry is not in it. */
export function capabilitiesOf(offered: readonly Ask[]): object {
  const has = (ask: Ask): boolean => offered.includes(ask)
  const elicitation = {
    ...(has('elicitation.form') && { form: {} }),
    ...(has('elicitation.url') && { url: {} }),
  }
  const sampling = {
    ...(has('sampling.context') && { context: {} }),
    ...(has('sampling.tools') && { tools: {} }),
  }
  return {
    ...(Object.keys(elicitation).length > 0 && { elicitation }),
    ...(has('sampling') && { sampling }),
    ...(has('roots') && { roots: {} }),
  }
}

export const isQuestionMethod = (method: string | undefined): method is QuestionMethod =>
  questionMethods.some((known) => known === method)

/** What a client has to have offered before it may be asked this. */
export function askNeeded(method: QuestionMethod, params: unknown): Ask {
  switch (method) {
    case 'elicitation/create':
      return member(params, 'mode') === 'url' ? 'elicitation.url' : 'elicitation.form'
    case 'sampling/createMessage':
      return member(params, 'tools') === undefined ? 'sampling' : 'sampling.tools'
    case 'roots/list':
      return 'roots'
  }
}

function member(object: unknown, name: string): unknown {
  return isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
