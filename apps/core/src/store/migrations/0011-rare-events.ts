import type { Migration } from './migration.ts'

/**
 * Nearly all events are the two of a call. They are read by time; who looks for any other kind should not pay for them,
 * nor should they pay for the index that finds those.
 */
export const rareEvents0011: Migration = {
  version: 11,
  name: 'rare-events',
  minReader: 7,
  up: () => [
    'drop index audit_event_by_type',
    `create index audit_event_rare on audit_event (workspace_id, type, ts, log_id, idx)
      where type not in ('call.decided', 'call.completed')`,
  ],
}
