import type { Askable } from '../../model/question.ts'

/**
 * Which client's roots the session of an older server was given last. A server can ask for roots only while a call
 * runs, so it is told with the next call it may ask in that they are not those any more: its client said so, or it is
 * another client of the same principal (MCP-38).
 */
export type GivenRoots = (askable: Askable) => Askable

export function createGivenRoots(tellChanged: () => void): GivenRoots {
  let given: object | undefined

  return function beforeCall(askable) {
    const { rootsMark } = askable
    if (!rootsMark || !askable.asks.includes('roots')) return askable
    if (given && given !== rootsMark) {
      tellChanged()
      given = rootsMark
    }
    return {
      ...askable,
      async ask(question) {
        const answer = await askable.ask(question)
        if (question.method === 'roots/list' && 'result' in answer) given = rootsMark
        return answer
      },
    }
  }
}
