import type { ApprovalClaim } from '../model/approval.ts'
import type { Outlet, Wait } from '../model/call.ts'
import type { CallClearance, NotCleared, Replayed } from '../model/clearance.ts'
import type { Intent } from './governed-call.ts'

/**
 * Finds or opens the approval of a call, waits as long as its client can be held, and claims it once approved.
 * Resolves with a claim to run exactly once, or with what to tell the client. `waived` means that the rules changed
 * while it waited, and let the call run without anyone.
 */
export type AskPerson = (
  intent: Intent & Readonly<{ wait?: Wait }>,
  signal: AbortSignal,
) => Promise<ApprovalClaim | NotCleared | Replayed | Readonly<{ state: 'waived' }>>

export type Clear = (
  intent: Intent,
  outlet: Pick<Outlet, 'wait'>,
  signal: AbortSignal,
) => Promise<CallClearance | NotCleared | Replayed>

/** Turns a decision that is not a denial into a clearance, asking a person where the policy says so. */
export function createClear(askPerson: AskPerson): Clear {
  return async function clear(intent, { wait }, signal) {
    if (intent.decision.effect === 'allow') return grant(intent)
    // The rounds of an exchange are one call, and a person approved it at the first (MCP-60).
    if (intent.call.round?.approvalId !== undefined) return grant(intent)
    const answer = await askPerson({ ...intent, ...(wait && { wait }) }, signal)
    if (!('state' in answer)) return grant(intent, answer)
    return answer.state === 'waived' ? grant(intent) : answer
  }
}

/** The only place where a call's clearance is made. */
function grant({ principal, call }: Intent, claim?: ApprovalClaim): CallClearance {
  const clearance = { purpose: 'call', principal, call, ...(claim && { claim }) }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brand has no value to construct
  return clearance as CallClearance
}
