import type { CatalogueSnapshot } from '../../model/catalogue.ts'
import type { ItemKind } from '../../model/server.ts'

/**
 * How long what comes from several servers may be kept: as long as the strictest of those that list the kind lets it,
 * and not at all when one of them did not say (MCP-119). Without a kind, of all that they list.
 */
export function mergedTtlMs(
  serverIds: Iterable<string>,
  listTtls: CatalogueSnapshot['listTtls'],
  kind?: ItemKind,
): number {
  const ttls = [...serverIds].flatMap((id): readonly (number | undefined)[] => {
    const said = listTtls?.get(id)
    if (!said) return [0]
    return kind === undefined ? Object.values(said) : [said[kind]]
  })
  const known = ttls.filter((ttl) => ttl !== undefined)
  return known.length === 0 ? 0 : Math.min(...known)
}
