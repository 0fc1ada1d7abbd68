import type { Ask, Askable } from '../../model/question.ts'
import type { Root } from '../../model/server.ts'

/** What a server gets to hear when it asks for the folders of its client, where an administrator fixed them (MCP-71). */
export const rootsResult = (roots: readonly Root[]): Buffer =>
  Buffer.from(JSON.stringify({ roots }))

/** A server with fixed roots may always ask for them; the client's own it never sees. */
export const withFixedRoots = (
  asks: readonly Ask[],
  fixedRoots: readonly Root[] | undefined,
): readonly Ask[] => (fixedRoots ? [...asks.filter((ask) => ask !== 'roots'), 'roots'] : asks)

/** Who answers a call's questions: for its roots Peta, for all else the client. */
export function answeringRoots(askable: Askable | undefined, fixedRoots: readonly Root[]): Askable {
  return {
    asks: withFixedRoots(askable?.asks ?? [], fixedRoots),
    async ask(question) {
      if (question.method === 'roots/list') return { result: rootsResult(fixedRoots) }
      if (!askable) throw new Error('the client cannot be asked')
      return askable.ask(question)
    },
  }
}
