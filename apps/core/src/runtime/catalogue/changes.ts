import type { AuditDraft, AuditDrafts } from '../../model/audit-event.ts'
import type { ServerDefinition } from '../../model/server.ts'
import type { Draft } from '../registry/draft.ts'
import type { SeenChange } from './compare.ts'

const NAMES_RECORDED_MAX = 200
const CHUNK_ITEMS_MAX = 200
const CHUNK_BYTES_MAX = 1024 * 1024

/** Pieces small enough for one transaction each (STO-29). */
export function chunksOf(changes: readonly SeenChange[]): readonly (readonly SeenChange[])[] {
  const chunks: SeenChange[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const change of changes) {
    bytes += change.definition.length
    const last = chunks.at(-1)
    if (!last || last.length >= CHUNK_ITEMS_MAX || bytes > CHUNK_BYTES_MAX) {
      chunks.push([change])
      bytes = change.definition.length
    } else last.push(change)
  }
  return chunks
}

const EVENTS = {
  quarantined: 'tool.quarantined',
  changed: 'tool.definition_changed',
  gone: 'tool.gone',
} as const

/** What the log tells of a piece: one event per kind of change, with the names and pins it is about. */
export function eventsOf(
  draft: Draft,
  definition: ServerDefinition,
  chunk: readonly SeenChange[],
): AuditDrafts {
  const { workspaceId, slug, id, hash } = definition
  const server = { id, alias: slug, hash }

  const events = (['quarantined', 'changed', 'gone'] as const).flatMap(
    (state): readonly AuditDraft[] => {
      const items = chunk.filter((change) => change.state === state && change.before !== state)
      if (items.length === 0) return []
      const fields = { server, count: items.length, items: names(items) }
      return [draft({ type: EVENTS[state], workspaceId, target: slug, fields })]
    },
  )
  const [first, ...rest] = events
  if (first) return [first, ...rest]
  const fields = { server, reread: chunk.length, items: names(chunk) }
  return [draft({ type: 'server.changed', workspaceId, target: slug, fields })]
}

const names = (items: readonly SeenChange[]): readonly object[] =>
  items
    .slice(0, NAMES_RECORDED_MAX)
    .map(({ kind, name, pin, state }) => ({ kind, name, pin, state }))
