import type { CatalogueEntry } from '../../model/catalogue.ts'
import { compareCodePoints } from '../../protocol/names.ts'

/** What one scope may see of a catalogue. */
export type Visible = Readonly<{
  /** All that it was chosen from. */
  among: readonly CatalogueEntry[]
  /** By alias, then the server's own name (MCP-108). */
  entries: readonly CatalogueEntry[]
}>

/**
 * Entries never change, so under the same rules what was found of one is not asked again: after a change of one server
 * only that server's are new. `before` must come from the same scope and rules.
 */
export function visibleOf(
  among: readonly CatalogueEntry[],
  isListed: (entry: CatalogueEntry) => boolean,
  before?: Visible,
): Visible {
  const judged = new Set(before?.among)
  const present = new Set(among)
  const kept = before?.entries.filter((entry) => present.has(entry)) ?? []
  const added = among.filter(
    (entry) => !judged.has(entry) && entry.item.state === 'accepted' && isListed(entry),
  )
  // What is in order already is one run to the sort, which only merges the others in.
  return { among, entries: [...kept, ...added].toSorted(byAliasAndName) }
}

const byAliasAndName = (a: CatalogueEntry, b: CatalogueEntry): number =>
  compareCodePoints(a.server.slug, b.server.slug) || compareCodePoints(a.item.name, b.item.name)
