import type { DatabaseSync } from 'node:sqlite'

import type { AdvanceLog } from '../log-batch.ts'

/**
 * Prepared once for the life of the connection, and one row a statement: making a statement anew for every batch costs
 * more than running it, and one of several rows copies every page it touches, to be able to undo itself alone.
 */
export function createAdvanceLog(raw: DatabaseSync): AdvanceLog {
  const advance = raw.prepare(ADVANCE)
  const insertEntry = raw.prepare(INSERT_ENTRY)
  const insertTile = raw.prepare(INSERT_TILE)
  const insertCheckpoint = raw.prepare(INSERT_CHECKPOINT)

  return async function advanceLog({ logId, from, to, closedAt, entries, tiles, checkpoint }) {
    if (advance.run(to, closedAt, logId, from).changes !== 1) return false
    for (const entry of entries) {
      insertEntry.run(
        entry.log_id,
        entry.idx,
        entry.event_id,
        entry.workspace_id,
        entry.ts,
        entry.type,
        entry.outcome,
        entry.actor_id,
        entry.target,
        entry.cause_id,
        entry.body,
        entry.leaf,
      )
    }
    for (const { level, n, hashes } of tiles) insertTile.run(logId, level, n, hashes)
    insertCheckpoint.run(logId, to, checkpoint.root, checkpoint.note)
    return true
  }
}

const ADVANCE = `update audit_log set size = ?, closed_at = ?
  where log_id = ? and size = ? and closed_at is null`

const INSERT_ENTRY = `insert into audit_event
  (log_id, idx, event_id, workspace_id, ts, type, outcome, actor_id, target, cause_id, body, leaf)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_TILE = 'insert into audit_tile (log_id, level, n, hashes) values (?, ?, ?, ?)'

const INSERT_CHECKPOINT =
  'insert into audit_checkpoint (log_id, size, root, note) values (?, ?, ?, ?)'
