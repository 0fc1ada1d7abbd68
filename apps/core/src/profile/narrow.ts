import type { CatalogueEntry, CatalogueSnapshot } from '../model/catalogue.ts'
import { isOwnToolName } from '../model/own-tools.ts'
import type { Profile, ToolOverride } from '../model/profile.ts'
import type { CatalogueItem, ItemKind, ServerRef } from '../model/server.ts'
import { matchesPattern } from './pattern.ts'

/** An entry that is not shown, because its name is the un-prefixed server's, or Peta's where it is that server's own. */
export type NameClash = Readonly<{ kind: ItemKind; name: string; server: string }>

export type Narrowed = CatalogueSnapshot & Readonly<{ clashes: readonly NameClash[] }>

/**
 * What a profile holds of a catalogue, under the names that its clients see. Never more than the catalogue has, and
 * the same for every principal: who may use it is for policy to say (MCP-110).
 */
export function narrow(snapshot: CatalogueSnapshot, profile: Profile): Narrowed {
  const chosen = snapshot.entries.filter((entry) => holdsEntry(profile, entry))
  const shown = chosen.map((entry) => shownAt(profile, entry))
  const taken = new Set(shown.filter((entry) => claimsName(profile, entry)).map(keyOf))
  const isClashing = (entry: CatalogueEntry): boolean =>
    isUnprefixed(profile, entry) ? isReserved(entry.item) : taken.has(keyOf(entry))
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
  return matchesSome(profile.tools, server, item)
}

const matchesSome = (
  patterns: readonly string[],
  { slug }: ServerRef,
  { name }: CatalogueItem,
): boolean => patterns.some((pattern) => matchesPattern(pattern, `${slug}/${name}`))

const holdsServer = ({ servers }: Profile, slug: string): boolean =>
  servers === 'all' || servers.includes(slug)

const isUnprefixed = ({ unprefixed }: Profile, { server }: CatalogueEntry): boolean =>
  server.slug === unprefixed

/** What would pose as a tool of Peta itself is shown under no name (MCP-103). */
const isReserved = ({ kind, name }: CatalogueItem): boolean =>
  kind === 'tool' && isOwnToolName(name)

/** Only what was accepted takes a name: an entry that nobody reviewed must not hide another server's. */
const claimsName = (profile: Profile, entry: CatalogueEntry): boolean =>
  isUnprefixed(profile, entry) && entry.item.state === 'accepted'

/** What a profile shows as it is stays the same object, so that what was derived from it holds. */
function shownAt(profile: Profile, entry: CatalogueEntry): CatalogueEntry {
  const { server, item } = entry
  const override =
    item.kind === 'tool' ? overrideOf(profile, `${server.slug}/${item.name}`) : undefined
  const isFound = !isDisclosed(profile, entry)
  if (!isUnprefixed(profile, entry) && !isFound && !override) return entry
  return {
    ...entry,
    item: isUnprefixed(profile, entry) ? { ...item, exposed: item.name } : item,
    ...(isFound && { isUnlisted: true }),
    ...(override && { override }),
  }
}

const overrideOf = ({ overrides }: Profile, name: string): ToolOverride | undefined =>
  overrides.find(({ tool }) => tool === name)

/** A tool that nobody listed is found by a search, and called like any other (MCP-145). */
const isDisclosed = (
  { disclosure, favourites }: Profile,
  { server, item }: CatalogueEntry,
): boolean => disclosure === 'list' || item.kind !== 'tool' || matchesSome(favourites, server, item)

const keyOf = ({ item }: CatalogueEntry): string => `${item.kind} ${item.exposed}`

const clashOf = ({ server, item }: CatalogueEntry): NameClash => ({
  kind: item.kind,
  name: item.exposed,
  server: server.slug,
})
