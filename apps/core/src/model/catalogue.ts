import type { ToolOverride } from './profile.ts'
import type { CatalogueItem, ItemKind, ServerRef } from './server.ts'

/** How long a server lets each of its lists be kept. A kind that it does not list is absent. */
export type ListTtls = Readonly<Partial<Record<ItemKind, number>>>

export type CatalogueEntry = Readonly<{
  server: ServerRef
  item: CatalogueItem
  /** At a profile that lets tools be searched for: it can be found and called, and lists leave it out. */
  isUnlisted?: boolean
  /** What its profile shows and fixes of it. */
  override?: ToolOverride
}>

/**
 * What the enabled servers of a workspace offer, as last verified. Immutable: a change is a new snapshot with a
 * higher version, so whatever is derived from one may be kept by its version (POL-37).
 */
export type CatalogueSnapshot = Readonly<{
  version: number
  /** Entries of every state; only `accepted` ones may be listed or called. */
  entries: readonly CatalogueEntry[]
  /** Slugs of servers whose entries are older than they should be (MCP-116). */
  degraded: readonly string[]
  /** By server id, as far as servers said so since this process started (MCP-119). */
  listTtls?: ReadonlyMap<string, ListTtls>
  /** Ids of servers that tell of changes of their resources, as far as they said so since this process started. */
  subscribable?: ReadonlySet<string>
  /** What servers say of themselves, as accepted. */
  instructions?: readonly ServerText[]
}>

/** A server's own words to models, under the title that an administrator gave it. */
export type ServerText = Readonly<{ server: ServerRef; title: string; text: string }>
