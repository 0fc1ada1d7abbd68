import { z } from 'zod'

import { query } from '../operation.ts'

/** A page of this size means that there may be more. */
export const EVENTS_PER_LOOK = 200

/**
 * What happened in a workspace, for those who watch. Reads the audit log by (log, index), which is the order of commit:
 * a cursor over times would skip what commits late (STO-42).
 */
export const eventQueries = {
  /** Where each log that is still written ends. */
  'event.heads': query(z.strictObject({}), (db) =>
    db
      .selectFrom('audit_log')
      .select(['log_id as logId', 'size'])
      .where('closed_at', 'is', null)
      .execute(),
  ),

  'event.after': query(
    z.strictObject({ workspaceId: z.string(), logId: z.string(), from: z.int() }),
    (db, { workspaceId, logId, from }) =>
      db
        .selectFrom('audit_event')
        .select(['idx', 'event_id as id', 'ts as at', 'type', 'outcome', 'target'])
        .where('workspace_id', '=', workspaceId)
        .where('log_id', '=', logId)
        .where('idx', '>=', from)
        .orderBy('idx')
        .limit(EVENTS_PER_LOOK)
        .execute(),
  ),
} as const
