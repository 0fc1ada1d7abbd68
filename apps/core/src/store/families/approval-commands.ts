import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import { command, type Db } from '../operation.ts'
import { approvalRow, revisionRow, type ApprovalTables } from './approvals.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** The row as the caller saw it. Anything that happened since is `conflict`: read again, decide again (APR-9). */
const seen = z.strictObject({
  workspaceId: z.string(),
  id: z.string(),
  state: z.string(),
  version: z.int(),
})
type Seen = Readonly<z.infer<typeof seen>>

const AGENT_WINDOW_MS = 3_600_000
const CALL_WINDOW_MS = 60_000

const limits = z.strictObject({
  openPerAgent: z.int(),
  openPerWorkspace: z.int(),
  newPerAgentHour: z.int(),
  newPerCallMinute: z.int(),
})

const opened = approvalRow.omit({
  state: true,
  version: true,
  revision: true,
  decide_by: true,
  execute_by: true,
  attempt: true,
  fence: true,
  sent_fence: true,
  lease_until: true,
  void_reason: true,
  ended_by: true,
  end_note: true,
  created_at: true,
  updated_at: true,
})

const asked = revisionRow.omit({ created_at: true })

export const approvalCommands = {
  /** @throws CoreError `approval_limited`; `conflict` when the same call has an open one */
  'approval.open': command(
    z.strictObject({ approval: opened, asked, decideForMs: z.int(), limits }),
    async (db, args, { nowMs }) => {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('approval')
        .values({
          ...args.approval,
          state: 'PENDING',
          version: 1,
          revision: args.asked.revision,
          decide_by: nowMs + args.decideForMs,
          execute_by: null,
          attempt: 0,
          fence: 0,
          sent_fence: null,
          lease_until: null,
          void_reason: null,
          ended_by: null,
          end_note: null,
          created_at: nowMs,
          updated_at: nowMs,
        })
        .onConflict((on) => on.doNothing())
        .executeTakeFirstOrThrow()
      if (numInsertedOrUpdatedRows !== 1n) throw new CoreError('conflict')
      await refuseFlood(db, args, nowMs)
      await db
        .insertInto('approval_revision')
        .values({ ...args.asked, created_at: nowMs })
        .execute()
    },
  ),

  /** Ends an approval, or takes a claim away. With `leaseOver`, only when nobody prolonged the claim meanwhile. */
  'approval.advance': command(
    z.strictObject({
      seen,
      to: z.string(),
      leaseOver: z.boolean().optional(),
      voidReason: z.string().optional(),
      endedBy: z.string().optional(),
      endNote: bytes.optional(),
    }),
    async (db, args, { nowMs }) => {
      const changes = {
        state: args.to,
        ...(args.voidReason !== undefined && { void_reason: args.voidReason }),
        ...(args.endedBy !== undefined && { ended_by: args.endedBy }),
        ...(args.endNote !== undefined && { end_note: args.endNote }),
      }
      let update = atSeen(db, args.seen, changes, nowMs)
      if (args.leaseOver) update = update.where('lease_until', '<=', nowMs)
      await changeOne(update)
      if (args.seen.state === 'EXECUTING') await endExecution(db, args.seen, args.to, nowMs)
    },
  ),

  /** One vote, and what it led to. In time and for what is current, or `conflict`. */
  'approval.vote': command(
    z.strictObject({
      seen,
      to: z.string(),
      executeForMs: z.int(),
      vote: z.strictObject({
        revision: z.int(),
        voter_id: z.string(),
        vote: z.string(),
        bind: z.string(),
        self_approved: z.int(),
        comment: bytes.nullable(),
        audience: z.string(),
        session_id: z.string(),
      }),
    }),
    async (db, { seen: from, to, vote, executeForMs }, { nowMs }) => {
      const executeBy = to === 'APPROVED' ? { execute_by: nowMs + executeForMs } : {}
      await changeOne(
        atSeen(db, from, { state: to, ...executeBy }, nowMs)
          .where('decide_by', '>', nowMs)
          .where('revision', '=', vote.revision)
          .where('bind', '=', vote.bind),
      )
      const { voter_id, revision, ...cast } = vote
      const key = { workspace_id: from.workspaceId, approval_id: from.id, revision, voter_id }
      await db
        .insertInto('approval_vote')
        .values({ ...key, ...cast, voted_at: nowMs })
        .onConflict((on) =>
          on
            .columns(['workspace_id', 'approval_id', 'revision', 'voter_id'])
            .doUpdateSet({ ...cast, voted_at: nowMs }),
        )
        .execute()
    },
  ),

  /** The same request under a newer policy version: what was voted for stays voted for (APR-11). */
  'approval.rebind': command(
    z.strictObject({ seen, asked: asked.omit({ args: true, args_commitment: true }) }),
    async (db, { seen: from, asked: now }, { nowMs }) => {
      await changeOne(atSeen(db, from, { bind: now.bind }, nowMs))
      await db
        .updateTable('approval_revision')
        .set({ bind: now.bind, policy_version: now.policy_version })
        .where('workspace_id', '=', from.workspaceId)
        .where('approval_id', '=', from.id)
        .where('revision', '=', now.revision)
        .execute()
    },
  ),

  /** Asks anew under other terms, with no votes and the whole time to decide (APR-11). */
  'approval.revise': command(
    z.strictObject({ seen, asked, decideForMs: z.int() }),
    async (db, { seen: from, asked: now, decideForMs }, { nowMs }) => {
      const changes = {
        state: 'PENDING',
        revision: now.revision,
        bind: now.bind,
        decide_by: nowMs + decideForMs,
        execute_by: null,
      }
      await changeOne(atSeen(db, from, changes, nowMs))
      await db
        .insertInto('approval_revision')
        .values({ ...now, created_at: nowMs })
        .execute()
    },
  ),
} as const

/** Exactly the row that was seen, one version on. */
export function atSeen(
  db: Db,
  { workspaceId, id, state, version }: Seen,
  changes: Partial<ApprovalTables['approval']>,
  nowMs: number,
) {
  return db
    .updateTable('approval')
    .set({ ...changes, version: version + 1, updated_at: nowMs })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('state', '=', state)
    .where('version', '=', version)
}

/** @throws CoreError `conflict` when no row changed */
export async function changeOne(
  update: Readonly<{ executeTakeFirst: () => Promise<Readonly<{ numUpdatedRows: bigint }>> }>,
): Promise<void> {
  const { numUpdatedRows } = await update.executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new CoreError('conflict')
}

/** Says of the claim that was open how it ended. */
export async function endExecution(
  db: Db,
  { workspaceId, id }: Pick<Seen, 'workspaceId' | 'id'>,
  outcome: string,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('execution')
    .set({ ended_at: nowMs, outcome })
    .where('workspace_id', '=', workspaceId)
    .where('approval_id', '=', id)
    .where('ended_at', 'is', null)
    .execute()
}

type Opening = Readonly<{
  approval: Readonly<z.infer<typeof opened>>
  limits: Readonly<z.infer<typeof limits>>
}>

/**
 * Asking until someone gives in is an attack (APR-52). Counts with the new row in place, so that only what would be
 * one too many is refused, and not a second asker of the same. Overdue rows count as ended, swept or not.
 */
async function refuseFlood(db: Db, { approval, limits: max }: Opening, nowMs: number) {
  const { workspace_id, agent_id, call_key } = approval
  const all = db
    .selectFrom('approval')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('workspace_id', '=', workspace_id)
  const open = all.where((eb) =>
    eb.or([
      eb.and([eb('state', '=', 'PENDING'), eb('decide_by', '>', nowMs)]),
      eb.and([eb('state', '=', 'APPROVED'), eb('execute_by', '>', nowMs)]),
      eb('state', '=', 'EXECUTING'),
    ]),
  )
  const ofAgent = all.where('agent_id', '=', agent_id)
  const counts = [
    [open, max.openPerWorkspace],
    [open.where('agent_id', '=', agent_id), max.openPerAgent],
    [ofAgent.where('created_at', '>', nowMs - AGENT_WINDOW_MS), max.newPerAgentHour],
    [
      all.where('call_key', '=', call_key).where('created_at', '>', nowMs - CALL_WINDOW_MS),
      max.newPerCallMinute,
    ],
  ] as const
  for (const [counted, limit] of counts) {
    const { count } = await counted.executeTakeFirstOrThrow()
    if (count > limit) throw new CoreError('approval_limited', { limit })
  }
}
