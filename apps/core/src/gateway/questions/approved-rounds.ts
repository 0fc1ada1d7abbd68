import type { Clock } from '../../ground/clock.ts'
import type { NewId } from '../../ground/ids.ts'

/** A person approved one call of one definition. */
export type Approved = Readonly<{ approvalId: string; pin: string }>

/**
 * The next round that an approval covers. Each round runs once under it, however often its state comes back and however
 * often the first result is given again: whoever wants more asks a person again (APR-2, MCP-60). A restart forgets it all,
 * and then a person is asked again too.
 */
export type ApprovedRounds = Readonly<{
  /** Undefined when the rounds of this approval went on already; `isContinued` says that this is how they go on. */
  issue: (approved: Approved, isContinued: boolean) => string | undefined
  /** Whether the ticket is the one that was issued last, for this definition, and nobody took it. */
  take: (approved: Approved, ticket: string) => boolean
}>

/** As long as the result of an approved call is kept to be given again. */
const KEPT_MS = 24 * 3_600_000

type Next = Readonly<{
  pin: string
  ticket: string | undefined
  /** A round after the first has run. */
  hasGoneOn: boolean
  forgetAtMs: number
}>

export function createApprovedRounds({
  clock,
  newId,
}: Readonly<{ clock: Pick<Clock, 'nowMs'>; newId: NewId }>): ApprovedRounds {
  const byApproval = new Map<string, Next>()

  function forgetOld(): void {
    const nowMs = clock.nowMs()
    for (const [id, { forgetAtMs }] of byApproval) if (forgetAtMs <= nowMs) byApproval.delete(id)
  }

  return {
    issue({ approvalId, pin }, isContinued) {
      forgetOld()
      const known = byApproval.get(approvalId)
      if (known?.hasGoneOn && !isContinued) return undefined
      const ticket = newId('rnd')
      const forgetAtMs = clock.nowMs() + KEPT_MS
      byApproval.set(approvalId, { pin, ticket, hasGoneOn: isContinued, forgetAtMs })
      return ticket
    },
    take({ approvalId, pin }, ticket) {
      const next = byApproval.get(approvalId)
      if (!next || next.ticket !== ticket) return false
      byApproval.set(approvalId, { ...next, ticket: undefined, hasGoneOn: true })
      return next.pin === pin
    },
  }
}
