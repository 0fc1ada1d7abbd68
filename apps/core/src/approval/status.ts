import type { ApprovalStatus } from '../model/approval.ts'
import type { NotCleared } from '../model/clearance.ts'
import { placeOfComment } from './places.ts'
import type { Approval } from './approval.ts'
import type { Box } from './dependencies.ts'

const RETRY_AFTER_MS = 15_000

/** The people's answer may still come. */
export const pending = (approval: Approval): NotCleared => ({
  state: 'pending',
  status: { ...statusOf(approval), retryAfterMs: RETRY_AFTER_MS },
})

/** It will not run, or not again; with the reason of a denial when the voter meant it for the agent (APR-18). */
export async function refused(approval: Approval, openData: Box['openData']): Promise<NotCleared> {
  const denyReason = await reasonForAgent(approval, openData)
  return {
    state: 'refused',
    status: { ...statusOf(approval), ...(denyReason !== undefined && { denyReason }) },
  }
}

/** What an agent may know: never names, votes, rules or arguments. */
export const statusOf = (approval: Approval): ApprovalStatus => ({
  approvalId: approval.id,
  state: approval.state,
  expiresAtMs: approval.executeByMs ?? approval.decideByMs,
  leftMs: Math.max(0, (approval.executeByMs ?? approval.decideByMs) - approval.nowMs),
  retryAfterMs: 0,
})

const REASON_CHARS_MAX = 280

async function reasonForAgent(
  approval: Approval,
  openData: Box['openData'],
): Promise<string | undefined> {
  if (approval.state !== 'DENIED') return undefined
  const vote = approval.votes.find((cast) => cast.vote === 'no' && cast.audience === 'agent')
  if (!vote?.sealedComment) return undefined
  const bytes = await openData(placeOfComment(approval, vote.voterId), vote.sealedComment)
  return forAgent(Buffer.from(bytes).toString('utf8'))
}

/** A person's words to a machine: no control, bidirectional or invisible characters that could pose as ours. */
const forAgent = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, REASON_CHARS_MAX)
    .toWellFormed()
