import { z } from 'zod'

import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { Era } from '../../model/frame.ts'
import type { Principal } from '../../model/principal.ts'
import type { ItemKind } from '../../model/server.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { isForModels } from './app-tools.ts'
import { isForEra } from '../waiting/approval-tool.ts'
import { renderItem } from './render-item.ts'
import type { Sealing } from '../seal.ts'
import { aliasIn, type View } from './views.ts'

export type ListRequest = Readonly<{
  principal: Principal
  view: View
  kind: ItemKind
  era: Era
  /** Its client shows apps, and so may be shown what only they call. */
  showsApps: boolean
  cursor: unknown
}>

/** The JSON of a list result, in pieces: the large ones are shared by everyone with the same view. */
export type ListResult = readonly (Buffer | string)[]

export type Lists = (request: ListRequest) => ListResult

type Page = Readonly<{ entries: Buffer; isLast: boolean }>

const PAGE_LENGTH = 100
const CURSOR_LIFE_MS = 3_600_000

const memberOf = {
  tool: 'tools',
  prompt: 'prompts',
  resource: 'resources',
  resource_template: 'resourceTemplates',
  skill: 'skills',
} as const satisfies Record<ItemKind, string>

const Cursor = z.strictObject({
  /** The list that it goes on with. */
  list: z.string(),
  page: z.int().nonnegative(),
  expiresAtMs: z.int(),
})

/**
 * Prints lists from views. Pages are printed once per view and era and then only joined with an id, because printing
 * a thousand definitions costs what ten thousand answers cost (H10).
 */
export function createLists(
  deps: Sealing & Readonly<{ clock: Pick<Clock, 'nowMs'>; serverInfo: string }>,
): Lists {
  const printed = new WeakMap<View, Map<string, readonly Page[]>>()

  function pagesOf(request: ListRequest): readonly Page[] {
    const { view, kind, era, showsApps } = request
    const pages = printed.get(view) ?? new Map<string, readonly Page[]>()
    printed.set(view, pages)
    const key = `${kind} ${era} ${showsApps}`
    const known = pages.get(key)
    if (known) return known
    const fresh = printPages(request)
    pages.set(key, fresh)
    return fresh
  }

  function openCursor(request: ListRequest): number {
    const { cursor } = request
    if (cursor === undefined) return 0
    const text = typeof cursor === 'string' ? deps.open('mcp-cursor', cursor) : undefined
    const opened = text === undefined ? undefined : Cursor.parse(JSON.parse(text))
    if (opened?.list !== listOf(request) || opened.expiresAtMs <= deps.clock.nowMs()) {
      throw new CoreError('params_invalid', { problem: 'The cursor is not valid.' })
    }
    return opened.page
  }

  function nextCursor(request: ListRequest, page: number): string {
    const expiresAtMs = deps.clock.nowMs() + CURSOR_LIFE_MS
    const cursor: z.infer<typeof Cursor> = { list: listOf(request), page, expiresAtMs }
    return deps.seal('mcp-cursor', JSON.stringify(cursor))
  }

  return function list(request) {
    const { kind } = request
    const index = openCursor(request)
    const page = pagesOf(request)[index] ?? { entries: Buffer.alloc(0), isLast: true }
    const cursor = page.isLast ? '' : `,"nextCursor":"${nextCursor(request, index + 1)}"`
    return [`{"${memberOf[kind]}":[`, page.entries, `]${cursor}${tail(request, deps.serverInfo)}}`]
  }
}

/** Whose list it is, at which profile, of what, and as of when: a cursor goes on with no other (MCP-117). */
const listOf = ({ principal, view, kind, showsApps }: ListRequest): string =>
  JSON.stringify([
    principal.workspaceId,
    principal.agent.id,
    view.profile?.name ?? '',
    kind,
    showsApps,
    view.generation,
  ])

function printPages({ view, kind, era, showsApps }: ListRequest): readonly Page[] {
  const entries = view
    .entries(kind)
    .filter((entry) => isForEra(entry, era) && (showsApps || isForModels(entry)))
  const pages: Page[] = []
  for (let from = 0; from < entries.length; from += PAGE_LENGTH) {
    const items = entries
      .slice(from, from + PAGE_LENGTH)
      .flatMap((entry, index) => [
        ...(index === 0 ? [] : [COMMA]),
        renderItem(entry, aliasIn(view, entry.server), era),
      ])
    pages.push({ entries: Buffer.concat(items), isLast: from + PAGE_LENGTH >= entries.length })
  }
  return pages
}

const COMMA = Buffer.from(',')

function tail({ view, kind, era }: ListRequest, serverInfo: string): string {
  const { degraded } = view
  const meta: string[] = []
  if (era === 'modern') meta.push(`"${metaKeys.serverInfo}":${serverInfo}`)
  if (degraded.length > 0) meta.push(`"${metaKeys.petaDegraded}":${JSON.stringify(degraded)}`)
  const metaText = meta.length === 0 ? '' : `,"_meta":{${meta.join(',')}}`
  if (era === 'legacy') return metaText
  return `,"resultType":"complete","ttlMs":${view.ttlMs(kind)},"cacheScope":"private"${metaText}`
}
