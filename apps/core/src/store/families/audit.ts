import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely'
import { z } from 'zod'

import type { ColumnClasses } from '../column.ts'
import { command, query } from '../operation.ts'

/**
 * Deployment tables, exempt from the workspace predicate: a log holds the events of all workspaces in the order in
 * which they happened (STO-20). Only the log writer inserts, with `audit-log.ts`; nothing updates or deletes entries.
 */
export type AuditTables = {
  audit_log: {
    /** `<instance_id>/<epoch>` */
    log_id: string
    instance_id: string
    epoch: number
    key_id: string
    public_key: Uint8Array
    size: number
    opened_at: number
    closed_at: number | null
    /** When its intents without outcome were closed (AUD-24). */
    recovered_at: number | null
  }
  audit_event: {
    log_id: string
    idx: number
    event_id: string
    /** Empty for events of the deployment itself. */
    workspace_id: string
    ts: number
    type: string
    outcome: string | null
    actor_id: string | null
    target: string | null
    cause_id: string | null
    /** The bytes that were hashed. The other columns are copies; where they differ, these count. */
    body: Uint8Array
    leaf: Uint8Array
  }
  audit_tile: { log_id: string; level: number; n: number; hashes: Uint8Array }
  audit_checkpoint: {
    log_id: string
    size: number
    root: Uint8Array
    note: string
    published_to: string | null
  }
}

export const auditColumns: ColumnClasses<AuditTables> = {
  audit_log: {
    log_id: 'plain',
    instance_id: 'plain',
    epoch: 'plain',
    key_id: 'plain',
    public_key: 'plain',
    size: 'plain',
    opened_at: 'plain',
    closed_at: 'plain',
    recovered_at: 'plain',
  },
  audit_event: {
    log_id: 'plain',
    idx: 'plain',
    event_id: 'plain',
    workspace_id: 'plain',
    ts: 'plain',
    type: 'plain',
    outcome: 'plain',
    actor_id: 'plain',
    target: 'plain',
    cause_id: 'plain',
    body: 'plain',
    leaf: 'plain',
  },
  audit_tile: { log_id: 'plain', level: 'plain', n: 'plain', hashes: 'plain' },
  audit_checkpoint: {
    log_id: 'plain',
    size: 'plain',
    root: 'plain',
    note: 'plain',
    published_to: 'plain',
  },
}

const PAGE_MAX = 1000
const limit = z.int().min(1).max(PAGE_MAX)
const position = z.strictObject({ ts: z.int(), logId: z.string(), idx: z.int() })

const searchArgs = z.strictObject({
  workspaceId: z.string(),
  type: z.string().optional(),
  outcome: z.string().optional(),
  fromMs: z.int().optional(),
  toMs: z.int().optional(),
  /** Entries older than this one. */
  before: position.optional(),
  limit,
})

const FREQUENT_TYPES: ReadonlySet<string> = new Set(['call.decided', 'call.completed'])
/** As the index of rare events has it: a database uses that only where a statement says the same. */
const isRare = sql<SqlBool>`type not in ('call.decided', 'call.completed')`

const isOfType =
  (type: string) =>
  (eb: ExpressionBuilder<AuditTables, 'audit_event'>): Expression<SqlBool> =>
    FREQUENT_TYPES.has(type) ? eb('type', '=', type) : eb.and([eb('type', '=', type), isRare])

const INTENT_OUTCOMES = ['allowed', 'pending'] as const
const CLOSING_TYPES = ['call.completed', 'call.outcome_unknown'] as const

export const auditQueries = {
  /** Newest first. */
  'audit.search': query(searchArgs, async (db, args) => {
    let found = db
      .selectFrom('audit_event')
      .select(['log_id', 'idx', 'event_id', 'ts', 'type', 'outcome', 'body'])
      .where('workspace_id', '=', args.workspaceId)
    if (args.type !== undefined) found = found.where(isOfType(args.type))
    if (args.outcome !== undefined) found = found.where('outcome', '=', args.outcome)
    if (args.fromMs !== undefined) found = found.where('ts', '>=', args.fromMs)
    if (args.toMs !== undefined) found = found.where('ts', '<', args.toMs)
    if (args.before) {
      const { ts, logId, idx } = args.before
      found = found.where((eb) =>
        eb(eb.refTuple('ts', 'log_id', 'idx'), '<', eb.tuple(ts, logId, idx)),
      )
    }
    return found
      .orderBy('ts', 'desc')
      .orderBy('log_id', 'desc')
      .orderBy('idx', 'desc')
      .limit(args.limit)
      .execute()
  }),

  /** Every log of the deployment in the order of opening. */
  'audit.logs': query(z.strictObject({}), (db) =>
    db.selectFrom('audit_log').selectAll().orderBy('opened_at').orderBy('log_id').execute(),
  ),

  /** Entries of one log by index. With a workspace, the others are bare hashes (AUD-42). */
  'audit.entries': query(
    z.strictObject({
      logId: z.string(),
      from: z.int(),
      to: z.int(),
      workspaceId: z.string().optional(),
    }),
    async (db, { logId, from, to, workspaceId }) => {
      const rows = db
        .selectFrom('audit_event')
        .select(['idx', 'leaf'])
        .where('log_id', '=', logId)
        .where('idx', '>=', from)
        .where('idx', '<', to)
        .orderBy('idx')
        .limit(PAGE_MAX)
      if (workspaceId === undefined) return rows.select('body').execute()
      return rows
        .select(({ eb }) =>
          eb.case().when('workspace_id', '=', workspaceId).then(eb.ref('body')).end().as('body'),
        )
        .execute()
    },
  ),

  'audit.checkpoints': query(
    z.strictObject({ logId: z.string(), from: z.int(), to: z.int() }),
    (db, { logId, from, to }) =>
      db
        .selectFrom('audit_checkpoint')
        .select(['size', 'note'])
        .where('log_id', '=', logId)
        .where('size', '>', from)
        .where('size', '<=', to)
        .orderBy('size')
        .execute(),
  ),

  /** Intents of ended logs of an instance that nothing closed (AUD-24), oldest first. */
  'audit.openIntents': query(
    z.strictObject({ instanceId: z.string(), limit }),
    (db, { instanceId, limit: count }) =>
      db
        .selectFrom('audit_event as intent')
        .innerJoin('audit_log as log', 'log.log_id', 'intent.log_id')
        .leftJoin('audit_event as closing', (join) =>
          join
            .onRef('closing.cause_id', '=', 'intent.event_id')
            .on('closing.type', 'in', CLOSING_TYPES),
        )
        .select([
          'intent.log_id',
          'intent.idx',
          'intent.event_id',
          'intent.workspace_id',
          'intent.actor_id',
          'intent.target',
        ])
        .where('log.instance_id', '=', instanceId)
        .where('log.closed_at', 'is not', null)
        .where('log.recovered_at', 'is', null)
        .where('intent.type', '=', 'call.decided')
        .where('intent.outcome', 'in', INTENT_OUTCOMES)
        .where('closing.event_id', 'is', null)
        .orderBy('intent.log_id')
        .orderBy('intent.idx')
        .limit(count)
        .execute(),
  ),

  /** Calls of a workspace whose outcome nobody knows. */
  'audit.unknownOutcomes': query(z.strictObject({ workspaceId: z.string() }), async (db, args) => {
    const row = await db
      .selectFrom('audit_event')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('workspace_id', '=', args.workspaceId)
      .where(isOfType('call.outcome_unknown'))
      .executeTakeFirstOrThrow()
    return row.count
  }),
} as const

export const auditCommands = {
  /** Marks the ended logs of an instance as recovered, once no intent in them is open. */
  'audit.markRecovered': command(
    z.strictObject({ instanceId: z.string() }),
    async (db, { instanceId }, { nowMs }) => {
      await db
        .updateTable('audit_log')
        .set({ recovered_at: nowMs })
        .where('instance_id', '=', instanceId)
        .where('closed_at', 'is not', null)
        .where('recovered_at', 'is', null)
        .execute()
    },
  ),
} as const
