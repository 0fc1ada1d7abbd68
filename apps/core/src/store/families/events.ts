import { z } from 'zod'

import { query } from '../operation.ts'

/** A page of this size means that there may be more. */
export const EVENTS_PER_LOOK = 200

/**
 * What happened in a workspace, for those who watch. Reads the audit log by (log, index), which is the order of commit:
 * a cursor over times would skip what commits late (STO-42).
 */
export const eventQueries = {
  /**
   * The logs in which a watcher may have something to read: those still written, those it had begun, and those opened
   * since, which a restart may have closed again.
   */
  'event.logs': query(
    z.strictObject({ known: z.array(z.string()), sinceMs: z.int() }),
    (db, { known, sinceMs }) =>
      db
        .selectFrom('audit_log')
        .select(['log_id as logId', 'size', 'opened_at as openedAtMs', 'closed_at as closedAtMs'])
        .where((of) =>
          of.or([
            of('closed_at', 'is', null),
            of('opened_at', '>=', sinceMs),
            ...(known.length > 0 ? [of('log_id', 'in', [...known])] : []),
          ]),
        )
        .orderBy('opened_at')
        .orderBy('log_id')
        .execute(),
  ),

  'event.after': query(
    z.strictObject({ workspaceId: z.string(), logId: z.string(), from: z.int() }),
    (db, { workspaceId, logId, from }) =>
      db
        .selectFrom('audit_event')
        .select(['idx', 'event_id as id', 'ts as at', 'type', 'outcome', 'target', 'body'])
        .where('workspace_id', '=', workspaceId)
        .where('log_id', '=', logId)
        .where('idx', '>=', from)
        .orderBy('idx')
        .limit(EVENTS_PER_LOOK)
        .execute(),
  ),
} as const
