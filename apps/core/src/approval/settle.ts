import { sha256Hex } from '../crypto/digest.ts'
import { CoreError, isCoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'
import type { CallResult } from '../model/call.ts'
import type { CallClearance } from '../model/clearance.ts'
import { allowed } from './advance.ts'
import type { Approval } from './approval.ts'
import { LEASE_MS } from './claim.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import { approvalEvent } from './events.ts'
import type { Find } from './find.ts'
import type { ApprovalEvent } from './machine.ts'
import { ifUnchanged } from './overdue.ts'
import { placeOfResult } from './places.ts'

/**
 * The bracket around an approved call: its claim is kept alive while `work` runs, and what came of it is stored before
 * anyone sees it (APR-36). Work without a claim just runs.
 *
 * @throws CoreError `outcome_unknown` for an answer that could not be recorded, and whatever `work` throws
 */
export type Settle = (
  clearance: CallClearance,
  work: () => Promise<CallResult>,
) => Promise<CallResult>

const HEARTBEAT_MS = 10_000
const RESULT_KEPT_MS = 24 * 3_600_000
/** A row holds at most 4 MiB; pieces this size go well with any engine. */
const PART_BYTES = 1024 * 1024

type SettleDependencies = Pick<
  ApprovalDependencies,
  'store' | 'draft' | 'sealData' | 'timers' | 'log'
> &
  Readonly<{ find: Find }>

type Held = Readonly<{ workspaceId: string; id: string; fence: number }>

export function createSettle(needs: SettleDependencies): Settle {
  const { store, timers, log } = needs

  function keepAlive(held: Held): Disposable {
    return timers.every(HEARTBEAT_MS, () => {
      store.housekeep('approval.extendLease', { ...held, leaseMs: LEASE_MS }).catch((error) => {
        log.warn({ err: error, approval: held.id }, 'a claim could not be prolonged')
      })
    })
  }

  async function settleHeld(held: Held, work: () => Promise<CallResult>): Promise<CallResult> {
    const heartbeat = keepAlive(held)
    try {
      const result = await recordingFailure(needs, held, work)
      await recordAnswer(needs, held, result)
      return { ...result, approvalId: held.id }
    } finally {
      heartbeat[Symbol.dispose]()
    }
  }

  return function settle({ call, claim }, work) {
    if (!claim) return work()
    return settleHeld(
      { workspaceId: call.workspaceId, id: claim.approvalId, fence: claim.fence },
      work,
    )
  }
}

/**
 * Work that failed before it said that it would send proves that nothing ran. After that, a failure proves nothing,
 * whatever it says (APR-38). What cannot be written now is found by the sweep when the lease ends.
 */
async function recordingFailure(
  needs: SettleDependencies,
  held: Held,
  work: () => Promise<CallResult>,
): Promise<CallResult> {
  try {
    return await work()
  } catch (failure) {
    const facts = { error: isCoreError(failure) ? failure.code : 'internal' }
    await tryToEnd(needs, held, (approval) => ({
      event: approval.sentFence === held.fence ? 'lose' : 'release',
      facts,
    })).catch((error: unknown) => {
      needs.log.error({ err: error, approval: held.id }, 'the end of a claim was not recorded')
    })
    throw failure
  }
}

async function recordAnswer(
  needs: SettleDependencies,
  held: Held,
  result: CallResult,
): Promise<void> {
  const answer = await sealAnswer(needs, held, result)
  const facts = { result: { bytes: result.bytes.length, is_error: result.isError } }
  const event = result.isError ? 'fail' : 'complete'
  try {
    if (await tryToEnd(needs, held, () => ({ event, facts, answer }))) return
    await fileLate(needs, held, answer)
  } catch (cause) {
    throw new CoreError('outcome_unknown', {}, { cause })
  }
  throw new CoreError('outcome_unknown')
}

type SealedAnswer = Awaited<ReturnType<typeof sealAnswer>>

async function sealAnswer(
  { sealData, log }: SettleDependencies,
  held: Held,
  { bytes, isError, serverEra }: CallResult,
) {
  const parts: Uint8Array[] = []
  if (bytes.length <= limits.resultBytesMax) {
    try {
      const blob = await sealData(placeOfResult(held, held.fence), bytes)
      for (let start = 0; start < blob.length; start += PART_BYTES) {
        parts.push(blob.subarray(start, start + PART_BYTES))
      }
    } catch (error) {
      // Its digest is recorded all the same; it can be delivered now and not again.
      log.warn({ err: error, approval: held.id }, 'a result could not be kept')
    }
  }
  return {
    hash: sha256Hex(bytes),
    bytes: bytes.length,
    isError,
    serverEra,
    parts,
    keepForMs: RESULT_KEPT_MS,
  }
}

type Ending = Readonly<{
  event: ApprovalEvent
  facts: Readonly<Record<string, unknown>>
  answer?: SealedAnswer
}>

/** Ends the claim as its row allows now. False when it is not ours any more. */
async function tryToEnd(
  needs: SettleDependencies,
  held: Held,
  endingFor: (approval: Approval) => Ending,
): Promise<boolean> {
  for (;;) {
    const approval = await needs.find.byId(held.workspaceId, held.id)
    if (approval?.state !== 'EXECUTING' || approval.fence !== held.fence) return false
    if (await end(needs, held, { approval, ...endingFor(approval) })) return true
  }
}

/** False when the row changed since it was read, as when a send was announced at that moment. */
async function end(
  { store, draft }: SettleDependencies,
  held: Held,
  { approval, event, facts, answer }: Ending & Readonly<{ approval: Approval }>,
): Promise<boolean> {
  const { state: to, record } = allowed(approval, event)
  const ended = approvalEvent(draft, record, approval, {
    facts: { state: to, fence: held.fence, ...facts },
  })
  return ifUnchanged(() =>
    store.command(
      'approval.settle',
      { ...held, version: approval.version, to, ...(answer && { answer }) },
      [ended],
    ),
  )
}

/** Evidence for whoever has to find out what happened; the state stays what it became. */
async function fileLate(
  { store, draft, find }: SettleDependencies,
  held: Held,
  answer: SealedAnswer,
): Promise<void> {
  const approval = await find.byId(held.workspaceId, held.id)
  if (!approval) return
  const late = approvalEvent(draft, 'approval.answered_late', approval, {
    facts: { state: approval.state, fence: held.fence, is_error: answer.isError },
  })
  await store.command('approval.fileLateAnswer', { ...held, answer }, [late])
}
