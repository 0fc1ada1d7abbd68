import type { CatalogueEntry, CatalogueSnapshot } from '../model/catalogue.ts'
import type { Profile } from '../model/profile.ts'
import type { ItemKind } from '../model/server.ts'
import { matchesPattern } from './pattern.ts'

/** An entry that the un-prefixed server hides, because it has one of the same name. */
export type NameClash = Readonly<{ kind: ItemKind; name: string; server: string }>

export type Narrowed = CatalogueSnapshot & Readonly<{ clashes: readonly NameClash[] }>

/**
 * What a profile holds of a catalogue, under the names that its clients see. Never more than the catalogue has, and
 * the same for every principal: who may use it is for policy to say (MCP-110).
 */
export function narrow(snapshot: CatalogueSnapshot, profile: Profile): Narrowed {
  const chosen = snapshot.entries.filter((entry) => holdsEntry(profile, entry))
  const shown = chosen.map((entry) => (isUnprefixed(profile, entry) ? asNamed(entry) : entry))
  const taken = new Set(shown.filter((entry) => claimsName(profile, entry)).map(keyOf))
  const isClashing = (entry: CatalogueEntry): boolean =>
    !isUnprefixed(profile, entry) && taken.has(keyOf(entry))
  return {
    ...snapshot,
    entries: shown.filter((entry) => !isClashing(entry)),
    degraded: snapshot.degraded.filter((slug) => holdsServer(profile, slug)),
    clashes: shown.filter(isClashing).map(clashOf),
  }
}

function holdsEntry(profile: Profile, { server, item }: CatalogueEntry): boolean {
  if (!holdsServer(profile, server.slug)) return false
  if (item.kind !== 'tool' || profile.tools === 'all') return true
  return profile.tools.some((pattern) => matchesPattern(pattern, `${server.slug}/${item.name}`))
}

const holdsServer = ({ servers }: Profile, slug: string): boolean =>
  servers === 'all' || servers.includes(slug)

const isUnprefixed = ({ unprefixed }: Profile, { server }: CatalogueEntry): boolean =>
  server.slug === unprefixed

/** Only what was accepted takes a name: an entry that nobody reviewed must not hide another server's. */
const claimsName = (profile: Profile, entry: CatalogueEntry): boolean =>
  isUnprefixed(profile, entry) && entry.item.state === 'accepted'

const asNamed = ({ server, item }: CatalogueEntry): CatalogueEntry => ({
  server,
  item: { ...item, exposed: item.name },
})

const keyOf = ({ item }: CatalogueEntry): string => `${item.kind} ${item.exposed}`

const clashOf = ({ server, item }: CatalogueEntry): NameClash => ({
  kind: item.kind,
  name: item.exposed,
  server: server.slug,
})
