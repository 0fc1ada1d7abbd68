import type { Migration } from './migration.ts'

/** The audit log: entries as the exact bytes that were hashed, the tree's tiles, and signed checkpoints (AUD-21). */
export const audit0007: Migration = {
  version: 7,
  name: 'audit',
  minReader: 7,
  up: ({ text, int, bytes, tableEnd }) => [
    `create table audit_log (
      log_id ${text} not null,
      instance_id ${text} not null,
      epoch ${int} not null,
      key_id ${text} not null,
      public_key ${bytes} not null,
      size ${int} not null,
      opened_at ${int} not null,
      closed_at ${int},
      recovered_at ${int},
      primary key (log_id),
      unique (instance_id, epoch)
    ) ${tableEnd}`,
    `create table audit_event (
      log_id ${text} not null,
      idx ${int} not null,
      event_id ${text} not null,
      workspace_id ${text} not null,
      ts ${int} not null,
      type ${text} not null,
      outcome ${text},
      actor_id ${text},
      target ${text},
      cause_id ${text},
      body ${bytes} not null,
      leaf ${bytes} not null,
      primary key (log_id, idx)
    ) ${tableEnd}`,
    'create index audit_event_by_time on audit_event (workspace_id, ts, log_id, idx)',
    'create index audit_event_by_type on audit_event (workspace_id, type, ts, log_id, idx)',
    'create index audit_event_by_cause on audit_event (cause_id) where cause_id is not null',
    `create table audit_tile (
      log_id ${text} not null,
      level ${int} not null,
      n ${int} not null,
      hashes ${bytes} not null,
      primary key (log_id, level, n)
    ) ${tableEnd}`,
    `create table audit_checkpoint (
      log_id ${text} not null,
      size ${int} not null,
      root ${bytes} not null,
      note ${text} not null,
      published_to ${text},
      primary key (log_id, size)
    ) ${tableEnd}`,
  ],
}
