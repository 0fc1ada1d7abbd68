import { sha256Hex } from '../../crypto/digest.ts'
import type { ReviewedKind, ServerRef } from '../../model/server.ts'
import { compareCodePoints, exposedName, exposedUri } from '../../protocol/names.ts'
import type { CatalogueRow } from '../registry/registry.ts'
import type { ListedItem } from './drain.ts'
import { nextState } from './review-state.ts'

/** What a refresh has to write: entries whose text, pin or state is not what is stored. */
export type SeenChange = Readonly<{
  kind: ReviewedKind
  nameKey: string
  name: string
  exposed: string
  definition: string
  pin: string
  state: CatalogueRow['item']['state']
  before: CatalogueRow['item']['state'] | undefined
  revision: number
}>

/** Names that mean something already, by kind. They are never given again (MCP-102). */
export type TakenNames = Readonly<Record<'tool' | 'prompt', ReadonlySet<string>>>

/** Compares what a server lists now with what is stored of it. In an order that does not depend on the server. */
export function compareCatalogue(
  server: Pick<ServerRef, 'id' | 'slug'>,
  known: readonly CatalogueRow[],
  listed: readonly ListedItem[],
  taken: TakenNames,
): readonly SeenChange[] {
  const rows = new Map(known.map((row) => [`${row.item.kind} ${row.nameKey}`, row]))
  const names = { tool: new Set(taken.tool), prompt: new Set(taken.prompt) }
  const changes: SeenChange[] = []
  for (const item of listed.toSorted((a, b) => compareCodePoints(a.name, b.name))) {
    const nameKey = sha256Hex(item.name)
    const key = `${item.kind} ${nameKey}`
    const row = rows.get(key)
    rows.delete(key)
    const change = row ? changeOf(row, item) : addition(server, item, nameKey, names)
    if (change) changes.push(change)
  }
  for (const row of rows.values()) {
    const change = changeOf(row, undefined)
    if (change) changes.push(change)
  }
  return changes
}

function changeOf(row: CatalogueRow, seen: ListedItem | undefined): SeenChange | undefined {
  const { item, acceptedPin, nameKey, revision } = row
  const { kind, name, exposed } = item
  const state = nextState({ state: item.state, pin: item.pin, acceptedPin }, seen?.pin)
  const { definition, pin } = seen ?? item
  if (state === item.state && definition === item.definition) return undefined
  return { kind, nameKey, name, exposed, definition, pin, state, before: item.state, revision }
}

function addition(
  server: Pick<ServerRef, 'id' | 'slug'>,
  { kind, name, definition, pin }: ListedItem,
  nameKey: string,
  names: Readonly<Record<'tool' | 'prompt', Set<string>>>,
): SeenChange {
  const exposed = exposedOf(server, kind, name, names)
  const state = nextState(undefined, pin)
  return { kind, nameKey, name, exposed, definition, pin, state, before: undefined, revision: 0 }
}

// oxlint-disable-next-line max-params -- private, and each is another thing
function exposedOf(
  { id: serverId, slug: alias }: Pick<ServerRef, 'id' | 'slug'>,
  kind: ReviewedKind,
  name: string,
  names: Readonly<Record<'tool' | 'prompt', Set<string>>>,
): string {
  if (kind !== 'tool' && kind !== 'prompt' && kind !== 'instructions')
    return exposedUri(alias, name)
  if (kind === 'instructions') return alias
  const exposed = exposedName({ alias, serverId, name }, (candidate) => names[kind].has(candidate))
  names[kind].add(exposed)
  return exposed
}
