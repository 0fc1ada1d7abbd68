import type { CatalogueItem, ServerRef } from '../model/server.ts'
import type { CompiledPolicy, CompiledRule } from './compile.ts'
import { actionsOf, targetKinds } from './judge.ts'

export type ReadsArguments = (server: ServerRef, item: CatalogueItem) => boolean

/**
 * Whether an enforced restriction, of anyone, reads the arguments of an entry (POL-15). Such a restriction is passed
 * by an argument of another name that the server takes for the one it reads. Servers and items are immutable, so the
 * answers of a version are kept as long as they are.
 */
export function createReadsArguments(policy: CompiledPolicy): ReadsArguments {
  const known = new WeakMap<ServerRef, WeakMap<CatalogueItem, boolean>>()

  return function readsArguments(server, item) {
    const ofServer = known.get(server) ?? new WeakMap<CatalogueItem, boolean>()
    known.set(server, ofServer)
    const answer = ofServer.get(item) ?? look(policy, server, item)
    ofServer.set(item, answer)
    return answer
  }
}

function look(policy: CompiledPolicy, server: ServerRef, item: CatalogueItem): boolean {
  const { kind, labels, name } = item
  const target = { action: actionsOf[kind], server, labels, kind: targetKinds[kind], name }
  return [...policy.index.find(target).keys()].some(isRestrictionOnArguments)
}

/** A condition that compiles no more may have read anything. */
function isRestrictionOnArguments({ effect, isShadow, condition }: CompiledRule): boolean {
  if (effect === 'allow' || isShadow || condition === undefined) return false
  return condition === 'broken' || condition.reads.has('args')
}
