import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { Append } from './backlog.ts'
import type { Draft } from './event.ts'

export type SearchFilter = Readonly<{
  type?: string
  outcome?: string
  fromMs?: number
  toMs?: number
  cursor?: string
  limit?: number
}>

export type FoundEntry = Readonly<{
  id: string
  logId: string
  index: number
  atMs: number
  type: string
  outcome?: string
  /** The entry itself, parsed from the bytes that were hashed. */
  event: unknown
}>

export type SearchResult = Readonly<{ items: readonly FoundEntry[]; next?: string }>

export type SearchDependencies = Readonly<{ query: Store['query']; append: Append; draft: Draft }>

const LIMIT = 100

/**
 * Entries of the person's workspace, newest first. The search is recorded with its filter and count before the answer
 * is given (AUD-50). A cursor is a position in the caller's own workspace and gives no access to anything.
 *
 * @throws CoreError `invalid_request` for a cursor that is none of ours
 */
export async function searchLog(
  { query, append, draft }: SearchDependencies,
  { workspaceId, userId }: Pick<Person, 'workspaceId' | 'userId'>,
  { cursor, limit = LIMIT, ...filter }: SearchFilter,
): Promise<SearchResult> {
  const before = cursor === undefined ? {} : { before: parseCursor(cursor) }
  const rows = await query('audit.search', { workspaceId, ...filter, ...before, limit: limit + 1 })
  const items = rows.slice(0, limit).map(toEntry)
  const fields = { filter, count: items.length }
  await append([draft({ type: 'audit.read', workspaceId, actorId: userId, fields })])
  const last = items.at(-1)
  return last && rows.length > limit ? { items, next: writeCursor(last) } : { items }
}

type Row = Readonly<{
  log_id: string
  idx: number
  event_id: string
  ts: number
  type: string
  outcome: string | null
  body: Uint8Array
}>

function toEntry(row: Row): FoundEntry {
  const event: unknown = JSON.parse(Buffer.from(row.body).toString('utf8'))
  return {
    id: row.event_id,
    logId: row.log_id,
    index: row.idx,
    atMs: row.ts,
    type: row.type,
    ...(row.outcome !== null && { outcome: row.outcome }),
    event,
  }
}

const writeCursor = ({ atMs, index, logId }: FoundEntry): string =>
  Buffer.from(`${atMs}:${index}:${logId}`).toString('base64url')

function parseCursor(cursor: string): { ts: number; idx: number; logId: string } {
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const [, ts, idx, logId] = /^(\d{1,16}):(\d{1,16}):([\w./-]{1,200})$/.exec(text) ?? []
  if (ts === undefined || idx === undefined || logId === undefined) {
    throw new CoreError('invalid_request', { problem: 'The cursor is not one of a search.' })
  }
  return { ts: Number(ts), idx: Number(idx), logId }
}
