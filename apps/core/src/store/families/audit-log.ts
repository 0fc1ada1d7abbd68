import type { Db } from '../operation.ts'
import type { AuditTables } from './audit.ts'

/**
 * What the log writer does to its tables when it opens a log, inside the writer's transaction. These are no named
 * operations: the appender alone calls them. What it does with every batch is `log-batch.ts`.
 */

type Predecessor = Readonly<{ logId: string; epoch: number; size: number; root: Uint8Array }>

/** The last log of an instance with its last durable checkpoint, and the highest epoch that was ever used. */
export async function findPredecessor(
  db: Db,
  instanceId: string,
): Promise<Predecessor | undefined> {
  const log = await db
    .selectFrom('audit_log')
    .select(['log_id', 'epoch'])
    .where('instance_id', '=', instanceId)
    .orderBy('epoch', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!log) return undefined
  const last = await db
    .selectFrom('audit_checkpoint')
    .select(['size', 'root'])
    .where('log_id', '=', log.log_id)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!last) return undefined
  return { logId: log.log_id, epoch: log.epoch, size: last.size, root: last.root }
}

/** Ends every open log of the instance, so that its writers can commit nothing more, and begins the next. */
export async function beginLog(
  db: Db,
  log: Pick<
    AuditTables['audit_log'],
    'log_id' | 'instance_id' | 'epoch' | 'key_id' | 'public_key' | 'opened_at'
  >,
): Promise<void> {
  await db
    .updateTable('audit_log')
    .set({ closed_at: log.opened_at })
    .where('instance_id', '=', log.instance_id)
    .where('closed_at', 'is', null)
    .execute()
  await db
    .insertInto('audit_log')
    .values({ ...log, size: 0, closed_at: null, recovered_at: null })
    .execute()
}

/** The durable size of a log that nobody ended, or nothing. */
export async function sizeOfOpenLog(db: Db, logId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('audit_log')
    .select('size')
    .where('log_id', '=', logId)
    .where('closed_at', 'is', null)
    .executeTakeFirst()
  return row?.size
}

type Span = Readonly<{ from: number; count: number }>

/** Full tiles of one level, in order. */
export async function readTiles(
  db: Db,
  logId: string,
  level: number,
  { from, count }: Span,
): Promise<readonly Uint8Array[]> {
  const rows = await db
    .selectFrom('audit_tile')
    .select('hashes')
    .where('log_id', '=', logId)
    .where('level', '=', level)
    .where('n', '>=', from)
    .where('n', '<', from + count)
    .orderBy('n')
    .execute()
  return rows.map((row) => row.hashes)
}

export async function readLeaves(
  db: Db,
  logId: string,
  { from, count }: Span,
): Promise<readonly Uint8Array[]> {
  const rows = await db
    .selectFrom('audit_event')
    .select('leaf')
    .where('log_id', '=', logId)
    .where('idx', '>=', from)
    .where('idx', '<', from + count)
    .orderBy('idx')
    .execute()
  return rows.map((row) => row.leaf)
}
