import type { CatalogueEntry } from '../../model/catalogue.ts'
import type {
  CatalogueItem,
  ReviewedItem,
  ServerDefinition,
  ServerRef,
} from '../../model/server.ts'
import type { CatalogueRow, WorkspaceServers } from '../registry/registry.ts'

/**
 * What enabled servers offer. As long as its server and its row are the same, an entry is the same object, so whoever
 * derives something from a catalogue sees what changed.
 */
export function entriesOf(
  servers: WorkspaceServers['servers'],
  rows: readonly CatalogueRow[],
): readonly CatalogueEntry[] {
  const offered = rows.flatMap(({ item }): CatalogueEntry[] => {
    const definition = servers.get(item.serverId)?.definition
    if (!definition?.enabled || !isOffered(item)) return []
    return [entryOf(definition, item, (server) => ({ server, item }))]
  })
  return [...offered, ...appEntries(servers, rows)]
}

/** What lists hold and calls name, as opposed to what a server only says. */
export const isOffered = (item: ReviewedItem): item is CatalogueItem =>
  item.kind !== 'instructions' && item.kind !== 'app'

/** A page that a tool names can be read whether or not its server lists it as a resource, and is listed only if it does. */
function appEntries(
  servers: WorkspaceServers['servers'],
  rows: readonly CatalogueRow[],
): readonly CatalogueEntry[] {
  const listed = new Set(
    rows.flatMap(({ item }) => (item.kind === 'resource' ? [`${item.serverId} ${item.name}`] : [])),
  )
  return rows.flatMap(({ item }) => {
    const definition = servers.get(item.serverId)?.definition
    if (item.kind !== 'app' || !definition?.enabled) return []
    if (listed.has(`${item.serverId} ${item.name}`)) return []
    const resource = { ...item, kind: 'resource' as const }
    return [entryOf(definition, item, (server) => ({ server, item: resource, isUnlisted: true }))]
  })
}

const entries = new WeakMap<ReviewedItem, CatalogueEntry>()

function entryOf(
  definition: ServerDefinition,
  item: ReviewedItem,
  make: (server: ServerRef) => CatalogueEntry,
): CatalogueEntry {
  const server = refOf(definition)
  const known = entries.get(item)
  if (known?.server === server) return known
  const entry = make(server)
  entries.set(item, entry)
  return entry
}

const refs = new WeakMap<ServerDefinition, ServerRef>()

/** What the gateway may know of a server. */
export function refOf(definition: ServerDefinition): ServerRef {
  const known = refs.get(definition)
  if (known) return known
  const { id, slug, labels, transport } = definition
  const ref = { id, slug, labels, transport }
  refs.set(definition, ref)
  return ref
}
