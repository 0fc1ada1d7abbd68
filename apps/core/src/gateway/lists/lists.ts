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

/** The JSON of a list result: a page, which everyone with the same view shares, and what follows it. */
export type ListResult = readonly [page: Buffer, rest: string]

export type Lists = (request: ListRequest) => ListResult

/** A list of a view as one generation reads it. */
type Printed = Readonly<{
  page: (index: number) => Page
  tail: string
  /** By the page that each goes on from. */
  cursors: Map<number, GivenCursor>
}>

type Page = Readonly<{ bytes: Buffer; isLast: boolean }>

type GivenCursor = Readonly<{ agentId: string; text: string; givenUntilMs: number }>

const PAGE_LENGTH = 100
const CURSOR_LIFE_MS = 3_600_000
/** So long an agent gets the same one again: to seal a cursor costs more than the rest of a printed list. */
const CURSOR_GIVEN_MS = 60_000

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
 * Prints lists from views. Each page is printed when it is first asked for, once per view and era, and then only joined
 * with an id, because printing a thousand definitions costs what ten thousand answers cost (H10).
 */
export function createLists(
  deps: Sealing & Readonly<{ clock: Pick<Clock, 'nowMs'>; serverInfo: string }>,
): Lists {
  const printed = new WeakMap<View, Map<string, Printed>>()

  function printedOf(request: ListRequest): Printed {
    const { view, kind, era, showsApps } = request
    const lists = printed.get(view) ?? new Map<string, Printed>()
    printed.set(view, lists)
    const key = `${kind} ${era} ${showsApps}`
    const known = lists.get(key)
    if (known) return known
    const fresh = { page: pagesOf(request), tail: tailOf(request, deps.serverInfo) }
    const list = { ...fresh, cursors: new Map<number, GivenCursor>() }
    lists.set(key, list)
    return list
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

  function cursorAfter(request: ListRequest, page: number, { cursors }: Printed): string {
    const agentId = request.principal.agent.id
    const nowMs = deps.clock.nowMs()
    const given = cursors.get(page)
    if (given?.agentId === agentId && nowMs < given.givenUntilMs) return given.text
    const expiresAtMs = nowMs + CURSOR_LIFE_MS
    const cursor: z.infer<typeof Cursor> = { list: listOf(request), page: page + 1, expiresAtMs }
    const text = deps.seal('mcp-cursor', JSON.stringify(cursor))
    cursors.set(page, { agentId, text, givenUntilMs: nowMs + CURSOR_GIVEN_MS })
    return text
  }

  return function list(request) {
    const index = openCursor(request)
    const printedList = printedOf(request)
    const { bytes, isLast } = printedList.page(index)
    const cursor = isLast ? '' : `,"nextCursor":"${cursorAfter(request, index, printedList)}"`
    return [bytes, `${cursor}${printedList.tail}`]
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

function pagesOf({ view, kind, era, showsApps }: ListRequest): Printed['page'] {
  const entries = view
    .entries(kind)
    .filter((entry) => isForEra(entry, era) && (showsApps || isForModels(entry)))
  const pages = new Map<number, Page>()

  function print(index: number): Page {
    const end = (index + 1) * PAGE_LENGTH
    const items = entries
      .slice(end - PAGE_LENGTH, end)
      .flatMap((entry, at) => [
        ...(at === 0 ? [] : [COMMA]),
        renderItem(entry, aliasIn(view, entry.server), era),
      ])
    const head = Buffer.from(`{"${memberOf[kind]}":[`)
    return { bytes: Buffer.concat([head, ...items, CLOSE]), isLast: end >= entries.length }
  }

  return function page(index) {
    const known = pages.get(index)
    if (known) return known
    const fresh = print(index)
    pages.set(index, fresh)
    return fresh
  }
}

const COMMA = Buffer.from(',')
const CLOSE = Buffer.from(']')

function tailOf({ view, kind, era }: ListRequest, serverInfo: string): string {
  const { degraded } = view
  const meta: string[] = []
  if (era === 'modern') meta.push(`"${metaKeys.serverInfo}":${serverInfo}`)
  if (degraded.length > 0) meta.push(`"${metaKeys.petaDegraded}":${JSON.stringify(degraded)}`)
  const metaText = meta.length === 0 ? '' : `,"_meta":{${meta.join(',')}}`
  if (era === 'legacy') return `${metaText}}`
  return `,"resultType":"complete","ttlMs":${view.ttlMs(kind)},"cacheScope":"private"${metaText}}`
}
