import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import { command, type Db } from '../operation.ts'
import { atSeen, changeOne, endExecution } from './approval-commands.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** One claim of one approval. The fence makes every other claim of it a stranger (APR-36). */
const held = z.strictObject({ workspaceId: z.string(), id: z.string(), fence: z.int() })
type Held = Readonly<z.infer<typeof held>>

const answer = z.strictObject({
  hash: z.string(),
  bytes: z.int(),
  isError: z.boolean(),
  serverEra: z.string(),
  /** Encrypted, in pieces that fit a row. None when it is too large to be kept. */
  parts: z.array(bytes),
  keepForMs: z.int(),
})

export const executionCommands = {
  /** Takes the right to run it once. @throws CoreError `conflict` when another took it, or time is over */
  'approval.claim': command(
    z.strictObject({
      workspaceId: z.string(),
      id: z.string(),
      version: z.int(),
      bind: z.string(),
      fence: z.int(),
      attempt: z.int(),
      callId: z.string(),
      leaseMs: z.int(),
    }),
    async (db, { workspaceId, id, version, bind, fence, attempt, callId, leaseMs }, { nowMs }) => {
      const leaseUntilMs = nowMs + leaseMs
      const changes = { state: 'EXECUTING', fence, attempt, lease_until: leaseUntilMs }
      await changeOne(
        atSeen(db, { workspaceId, id, state: 'APPROVED', version }, changes, nowMs)
          .where('bind', '=', bind)
          .where('fence', '<', fence)
          .where('execute_by', '>', nowMs),
      )
      await db
        .insertInto('execution')
        .values({
          workspace_id: workspaceId,
          approval_id: id,
          fence,
          attempt,
          call_id: callId,
          claimed_at: nowMs,
          sent_intent_at: null,
          ended_at: null,
          outcome: null,
        })
        .execute()
      return { leaseUntilMs }
    },
  ),

  /**
   * The last thing before the first byte leaves, once per claim. @throws CoreError `lease_lost` for a claim that is
   * over, was taken back, or has already said so
   */
  'approval.markSent': command(held, async (db, args, { nowMs }) => {
    const { numUpdatedRows } = await atFence(db, args)
      .set((eb) => ({
        sent_fence: args.fence,
        version: eb('version', '+', 1),
        updated_at: nowMs,
      }))
      .where('lease_until', '>', nowMs)
      .where((eb) => eb.or([eb('sent_fence', 'is', null), eb('sent_fence', '<', args.fence)]))
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new CoreError('lease_lost')
    await db
      .updateTable('execution')
      .set({ sent_intent_at: nowMs })
      .where('workspace_id', '=', args.workspaceId)
      .where('approval_id', '=', args.id)
      .where('fence', '=', args.fence)
      .execute()
  }),

  /** A claim that is over cannot be prolonged, even before anyone took it away. */
  'approval.extendLease': command(
    held.extend({ leaseMs: z.int() }),
    async (db, args, { nowMs }): Promise<boolean> => {
      const { numUpdatedRows } = await atFence(db, args)
        .set({ lease_until: nowMs + args.leaseMs })
        .where('lease_until', '>', nowMs)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
  ),

  /** How a claim ended, with the answer when there is one. @throws CoreError `conflict` when it is not ours any more */
  'approval.settle': command(
    held.extend({ version: z.int(), to: z.string(), answer: answer.optional() }),
    async (db, args, { nowMs }) => {
      await changeOne(
        atFence(db, args)
          .set({ state: args.to, version: args.version + 1, updated_at: nowMs })
          .where('version', '=', args.version),
      )
      await endExecution(db, args, args.to, nowMs)
      if (args.answer) await keepAnswer(db, { ...args, answer: args.answer, isLate: 0 }, nowMs)
    },
  ),

  /** An answer whose claim had ended: kept for the person who has to find out, and changes nothing. */
  'approval.fileLateAnswer': command(held.extend({ answer }), async (db, args, { nowMs }) => {
    await keepAnswer(db, { ...args, isLate: 1 }, nowMs)
  }),

  /** The reply with the result was written in full. */
  'approval.markDelivered': command(
    z.strictObject({ workspaceId: z.string(), id: z.string() }),
    async (db, { workspaceId, id }, { nowMs }) => {
      await db
        .updateTable('approval_result')
        .set({ delivered_at: nowMs })
        .where('workspace_id', '=', workspaceId)
        .where('approval_id', '=', id)
        .where('is_late', '=', 0)
        .where('delivered_at', 'is', null)
        .execute()
    },
  ),

  /** True for one caller only (APR-43). */
  'approval.takeReplay': command(
    held,
    async (db, { workspaceId, id, fence }, { nowMs }): Promise<boolean> => {
      const { numUpdatedRows } = await db
        .updateTable('approval_result')
        .set({ replayed_at: nowMs })
        .where('workspace_id', '=', workspaceId)
        .where('approval_id', '=', id)
        .where('fence', '=', fence)
        .where('replayed_at', 'is', null)
        .where('delivered_at', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
  ),

  /** Deletes results whose time is over; their digests stay (APR-14). */
  'approval.forgetResults': command(z.strictObject({}), async (db, _args, { nowMs }) => {
    for (const { id } of await db.selectFrom('workspace').select('id').execute()) {
      const old = await db
        .selectFrom('approval_result as result')
        .innerJoin('approval_result_part as part', (join) =>
          join
            .onRef('part.workspace_id', '=', 'result.workspace_id')
            .onRef('part.approval_id', '=', 'result.approval_id')
            .onRef('part.fence', '=', 'result.fence')
            .on('part.workspace_id', '=', id)
            .on('part.part', '=', 0),
        )
        .select(['result.approval_id', 'result.fence'])
        .where('result.workspace_id', '=', id)
        .where('result.keep_until', '<=', nowMs)
        .limit(FORGET_MAX)
        .execute()
      for (const { approval_id, fence } of old) {
        await db
          .deleteFrom('approval_result_part')
          .where('workspace_id', '=', id)
          .where('approval_id', '=', approval_id)
          .where('fence', '=', fence)
          .execute()
      }
    }
  }),
} as const

const FORGET_MAX = 100

const atFence = (db: Db, { workspaceId, id, fence }: Held) =>
  db
    .updateTable('approval')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('state', '=', 'EXECUTING')
    .where('fence', '=', fence)

async function keepAnswer(
  db: Db,
  {
    workspaceId,
    id,
    fence,
    answer: kept,
    isLate,
  }: Held & Readonly<{ answer: z.infer<typeof answer>; isLate: 0 | 1 }>,
  nowMs: number,
): Promise<void> {
  const key = { workspace_id: workspaceId, approval_id: id, fence }
  await db
    .insertInto('approval_result')
    .values({
      ...key,
      hash: kept.hash,
      bytes: kept.bytes,
      is_error: Number(kept.isError),
      server_era: kept.serverEra,
      is_late: isLate,
      stored_at: nowMs,
      keep_until: nowMs + kept.keepForMs,
      delivered_at: null,
      replayed_at: null,
    })
    .execute()
  for (const [part, blob] of kept.parts.entries()) {
    await db
      .insertInto('approval_result_part')
      .values({ ...key, part, blob })
      .execute()
  }
}
