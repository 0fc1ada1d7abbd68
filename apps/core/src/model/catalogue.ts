import type { CatalogueItem, ServerRef } from './server.ts'

export type CatalogueEntry = Readonly<{ server: ServerRef; item: CatalogueItem }>

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
}>
