import type { Call, CallResult, Outlet } from '../model/call.ts'
import type { ArmedCall, CallClearance, NotCleared, Replayed } from '../model/clearance.ts'
import type { Decision } from '../model/decision.ts'
import type { Principal } from '../model/principal.ts'
import type { Clear } from './clear.ts'
import { governQuestions, governRound } from './questions/govern-questions.ts'
import type { KeptFor } from './calls/kept-results.ts'
import type { Spend } from './questions/sampling-budget.ts'

/** What `record` keeps of a call before anything leaves the process. */
export type Intent = Readonly<{ principal: Principal; call: Call; decision: Decision }>

/** What a governed call ends in. Pending and refused are outcomes, each shown in the form its protocol has. */
export type GovernedOutcome =
  | Readonly<{ state: 'done'; result: CallResult }>
  | Readonly<{ state: 'denied'; decision: Decision }>
  | NotCleared
  | Replayed

/** Takes injected values out of what a server sent: of a result at once, of an outlet as frames pass. */
export type Redact = Readonly<{
  result: (armed: ArmedCall, result: CallResult) => CallResult
  outlet: (armed: ArmedCall, outlet: Outlet) => Outlet
}>

/** The stages of a call, in the order they run. */
export type CallStages = Readonly<{
  decide: (principal: Principal, call: Call) => Decision
  /**
   * Writes the intent durably, runs `work`, writes how it ended. When the intent cannot be written `work` never
   * starts.
   *
   * @throws CoreError `audit_unavailable`
   */
  record: (intent: Intent, work: () => Promise<GovernedOutcome>) => Promise<GovernedOutcome>
  /** Of what a server may ask of its client. */
  spend: Spend
  clear: Clear
  /**
   * For a call that a person approved: keeps the claim alive while `work` runs, then stores what came of it before
   * anyone sees it (APR-36). Any other call just runs.
   */
  settle: (clearance: CallClearance, work: () => Promise<CallResult>) => Promise<CallResult>
  /** @throws CoreError `vault_sealed`, `secret_*` */
  inject: (clearance: CallClearance, signal: AbortSignal) => Promise<ArmedCall>
  /** Answers of before that may do for this call too. */
  keptFor: KeptFor
  /** @throws CoreError `server_*`, `call_timed_out`, `outcome_unknown` */
  run: (armed: ArmedCall, outlet: Outlet, signal: AbortSignal) => Promise<CallResult>
  /** Nothing a server sent reaches the client but through it. @throws CoreError `scrub_failed` */
  redact: Redact
}>

export type GovernedCall = (
  principal: Principal,
  call: Call,
  outlet: Outlet,
  signal: AbortSignal,
) => Promise<GovernedOutcome>

/**
 * One call, from the caller's request to the scrubbed result: the whole product in one function. It serves every
 * method that reaches a server; there is no second entrance (MCP-2, POL-22). Read this file first.
 */
export function createGovernedCall(stages: CallStages): GovernedCall {
  return function governedCall(principal, call, outlet, signal) {
    const decision = stages.decide(principal, call)
    const intent = { principal, call, decision }

    return stages.record(intent, async () => {
      if (decision.effect === 'deny') return { state: 'denied', decision }
      const clearance = await stages.clear(intent, outlet, signal)
      if ('state' in clearance) return clearance
      const result = await stages.settle(clearance, async () => {
        // It reaches no server, so there is no secret to fill in and none to take out.
        if (call.own) return call.own(signal)
        const armed = await stages.inject(clearance, signal)
        const kept = stages.keptFor(armed)
        if (kept?.found) return kept.found
        const governed = governQuestions(stages, principal, call, outlet)
        const answer = await stages.run(armed, stages.redact.outlet(armed, governed), signal)
        const shown = stages.redact.result(armed, answer)
        await governRound(stages, principal, call, shown)
        kept?.keep(answer, shown)
        return shown
      })
      return { state: 'done', result }
    })
  }
}
