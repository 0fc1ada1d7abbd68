import type { Person } from '../model/principal.ts'
import type { Summary } from './approval.ts'
import { eligibilityOf, isRequester, type Voter } from './eligibility.ts'

/**
 * What a person sees of an approval (section 11): an approver everything, the requester what their own agent asked
 * for, roles that oversee the workspace everything but the arguments.
 */
export type Sight = 'all' | 'own' | 'metadata' | 'nothing'

const OVERSEERS: ReadonlySet<Person['role']> = new Set(['owner', 'admin', 'auditor'])

export function sightOf(person: Person, approval: Summary, people: readonly Voter[]): Sight {
  if (isApprover(person, approval, people)) return 'all'
  if (isRequester(person.userId, approval.principal)) return 'own'
  return OVERSEERS.has(person.role) ? 'metadata' : 'nothing'
}

/** Someone the rule names, even where four eyes keep them from deciding this one. */
export const isApprover = (
  { userId }: Person,
  { principal, terms }: Summary,
  people: readonly Voter[],
): boolean => eligibilityOf(userId, { principal, terms, people }) !== 'not_eligible'
