import type { AdvanceLog, LogBatch } from '../log-batch.ts'
import type { Execute } from './database.ts'

type Entry = LogBatch['entries'][number]

const ENTRY_TYPES = {
  log_id: 'text',
  idx: 'bigint',
  event_id: 'text',
  workspace_id: 'text',
  ts: 'bigint',
  type: 'text',
  outcome: 'text',
  actor_id: 'text',
  target: 'text',
  cause_id: 'text',
  body: 'bytea',
  leaf: 'bytea',
} as const satisfies Record<keyof Entry, string>

/**
 * One statement, so that a batch costs one round trip; one array a column, so that its text never changes and the server
 * parses the same few parameters for any number of entries (STO-33).
 */
export const createAdvanceLog =
  (execute: Execute): AdvanceLog =>
  async ({ logId, from, to, closedAt, entries, tiles, checkpoint }) => {
    const { rowCount } = await execute(ADVANCE, [
      to,
      closedAt,
      logId,
      from,
      checkpoint.root,
      checkpoint.note,
      tiles.map(({ level }) => level),
      tiles.map(({ n }) => n),
      tiles.map(({ hashes }) => hashes),
      ...columnsOf(entries),
    ])
    return rowCount === 1
  }

const NAMES = Object.keys(ENTRY_TYPES).join(', ')
const FIRST_COLUMN = 10
const ARRAYS = Object.values(ENTRY_TYPES)
  .map((type, at) => `$${FIRST_COLUMN + at}::${type}[]`)
  .join(', ')

/** Each part takes its log from `advanced`, which is empty when another writer has it. */
const ADVANCE = `with
  advanced as (
    update audit_log set size = $1::bigint, closed_at = $2::bigint
    where log_id = $3 and size = $4::bigint and closed_at is null returning log_id
  ),
  entries as (
    insert into audit_event (${NAMES}) select added.* from advanced, unnest(${ARRAYS}) as added
  ),
  tiles as (
    insert into audit_tile (log_id, level, n, hashes) select advanced.log_id, added.*
    from advanced, unnest($7::bigint[], $8::bigint[], $9::bytea[]) as added
  ),
  signed as (
    insert into audit_checkpoint (log_id, size, root, note)
    select log_id, $1::bigint, $5::bytea, $6 from advanced
  )
  select log_id from advanced`

/** In the order of `ENTRY_TYPES`. */
const columnsOf = (entries: readonly Entry[]): unknown[] => [
  entries.map((entry) => entry.log_id),
  entries.map((entry) => entry.idx),
  entries.map((entry) => entry.event_id),
  entries.map((entry) => entry.workspace_id),
  entries.map((entry) => entry.ts),
  entries.map((entry) => entry.type),
  entries.map((entry) => entry.outcome),
  entries.map((entry) => entry.actor_id),
  entries.map((entry) => entry.target),
  entries.map((entry) => entry.cause_id),
  entries.map((entry) => entry.body),
  entries.map((entry) => entry.leaf),
]
