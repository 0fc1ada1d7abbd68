import { z } from 'zod'

import { query, type Db } from '../operation.ts'
import type { ApprovalRow, ResultRow, RevisionRow, VoteRow } from './approvals.ts'

const byId = z.strictObject({ workspaceId: z.string(), id: z.string() })
type ById = Readonly<z.infer<typeof byId>>

/** An approval with the revision it stands at, the votes on that, and the instant at which it was read. */
export type ApprovalSnapshot = Readonly<{
  nowMs: number
  approval: ApprovalRow
  revision: RevisionRow
  votes: readonly VoteRow[]
}>

/** One at most of these per intent, by a unique index. */
const OPEN_STATES = ['PENDING', 'APPROVED', 'EXECUTING'] as const

const PAGE_MAX = 200
const DUE_MAX = 100

export const approvalQueries = {
  'approval.byId': query(byId, (db, args, { nowMs }) => snapshot(db, args, nowMs)),

  /** The open one of that code, else the newest. */
  'approval.idOfCode': query(
    z.strictObject({ workspaceId: z.string(), code: z.string() }),
    async (db, { workspaceId, code }) => {
      const row = await db
        .selectFrom('approval')
        .select('id')
        .where('workspace_id', '=', workspaceId)
        .where('code', '=', code)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .executeTakeFirst()
      return row?.id
    },
  ),

  /** The open one of the same intent, else the newest. */
  'approval.ofCall': query(
    z.strictObject({ workspaceId: z.string(), callKey: z.string() }),
    async (db, { workspaceId, callKey }, { nowMs }) => {
      const ofCall = db
        .selectFrom('approval')
        .select('id')
        .where('workspace_id', '=', workspaceId)
        .where('call_key', '=', callKey)
      const row =
        (await ofCall.where('state', 'in', OPEN_STATES).executeTakeFirst()) ??
        (await ofCall.orderBy('created_at', 'desc').orderBy('id', 'desc').executeTakeFirst())
      return row && snapshot(db, { workspaceId, id: row.id }, nowMs)
    },
  ),

  /** Newest first; `before` is the id of the last one of the page before. */
  'approval.list': query(
    z.strictObject({
      workspaceId: z.string(),
      state: z.string().optional(),
      before: z.string().optional(),
      limit: z.int().min(1).max(PAGE_MAX),
    }),
    async (db, { workspaceId, state, before, limit }, { nowMs }) => {
      let found = db
        .selectFrom('approval')
        .innerJoin('approval_revision as asked', (join) =>
          join
            .on('asked.workspace_id', '=', workspaceId)
            .onRef('asked.approval_id', '=', 'approval.id')
            .onRef('asked.revision', '=', 'approval.revision'),
        )
        .selectAll('approval')
        .select('asked.terms')
        .where('approval.workspace_id', '=', workspaceId)
      if (state !== undefined) found = found.where('approval.state', '=', state)
      if (before !== undefined) found = found.where('approval.id', '<', before)
      const rows = await found.orderBy('approval.id', 'desc').limit(limit).execute()
      return { nowMs, rows }
    },
  ),

  /** The answer to one claim. */
  'approval.result': query(
    byId.extend({ fence: z.int() }),
    async (
      db,
      { workspaceId, id, fence },
      { nowMs },
    ): Promise<
      Readonly<{ nowMs: number; result: ResultRow; parts: readonly Uint8Array[] }> | undefined
    > => {
      const result = await db
        .selectFrom('approval_result')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .where('approval_id', '=', id)
        .where('fence', '=', fence)
        .executeTakeFirst()
      const parts = await db
        .selectFrom('approval_result_part')
        .select('blob')
        .where('workspace_id', '=', workspaceId)
        .where('approval_id', '=', id)
        .where('fence', '=', fence)
        .orderBy('part')
        .execute()
      return result && { nowMs, result, parts: parts.map(({ blob }) => blob) }
    },
  ),

  /** What changed lately in some workspaces: one look for everyone who waits there (APR-45). */
  'approval.changes': query(
    z.strictObject({ workspaceIds: z.array(z.string()), sinceMs: z.int() }),
    async (db, { workspaceIds, sinceMs }, { nowMs }) => {
      const changes: Readonly<{ workspaceId: string; id: string; version: number }>[] = []
      for (const workspaceId of workspaceIds) {
        const rows = await db
          .selectFrom('approval')
          .select(['id', 'version'])
          .where('workspace_id', '=', workspaceId)
          .where('updated_at', '>=', sinceMs)
          .execute()
        changes.push(...rows.map((row) => ({ workspaceId, ...row })))
      }
      return { nowMs, changes }
    },
  ),

  /** Approvals whose time to decide or to run is over, and claims whose lease is, in every workspace. */
  'approval.due': query(z.strictObject({}), async (db, _args, { nowMs }) => {
    const workspaces = await db.selectFrom('workspace').select('id').orderBy('id').execute()
    const due: ById[] = []
    for (const { id: workspaceId } of workspaces) {
      const rows = await db
        .selectFrom('approval')
        .select('id')
        .where('workspace_id', '=', workspaceId)
        .where('state', 'in', OPEN_STATES)
        .where((eb) =>
          eb.or([
            eb.and([eb('state', '=', 'PENDING'), eb('decide_by', '<=', nowMs)]),
            eb.and([eb('state', '=', 'APPROVED'), eb('execute_by', '<=', nowMs)]),
            eb.and([eb('state', '=', 'EXECUTING'), eb('lease_until', '<=', nowMs)]),
          ]),
        )
        .limit(DUE_MAX)
        .execute()
      due.push(...rows.map(({ id }) => ({ workspaceId, id })))
    }
    return due
  }),
} as const

async function snapshot(
  db: Db,
  { workspaceId, id }: ById,
  nowMs: number,
): Promise<ApprovalSnapshot | undefined> {
  const approval = await db
    .selectFrom('approval')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!approval) return undefined
  const revision = await db
    .selectFrom('approval_revision')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('approval_id', '=', id)
    .where('revision', '=', approval.revision)
    .executeTakeFirstOrThrow()
  const votes = await db
    .selectFrom('approval_vote')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('approval_id', '=', id)
    .where('revision', '=', approval.revision)
    .orderBy('voted_at')
    .orderBy('voter_id')
    .execute()
  return { nowMs, approval, revision, votes }
}
