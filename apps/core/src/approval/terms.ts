import { canonicalJson } from '../ground/canonical-json.ts'
import type { ApprovalTerms, Decision } from '../model/decision.ts'

/** When a rule asks for a person and says nothing more (APR-13, APR-15). */
const defaultTerms: ApprovalTerms = {
  approvers: [],
  quorum: 1,
  decideByMs: 15 * 60_000,
  executeByMs: 5 * 60_000,
  remember: 'none',
  edit: [],
  stepUp: 'none',
  comment: 'optional',
}

export const termsOf = ({ obligations }: Decision): ApprovalTerms =>
  obligations.approval ?? defaultTerms

/** The decision asks for the same as before, for the same reasons; the version may differ (APR-11). */
export const isSameRequest = (
  before: Readonly<{ terms: ApprovalTerms; matched: Decision['matched'] }>,
  decision: Decision,
): boolean =>
  decision.effect === 'require_approval' &&
  canonicalJson([before.terms, before.matched]) ===
    canonicalJson([termsOf(decision), decision.matched])
