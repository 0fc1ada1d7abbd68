import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import type { Card } from './card.ts'
import { isRequester, maySelfApprove } from './eligibility.ts'
import type { DoAct } from './person-act.ts'

/**
 * A person states what became of a call of which nobody knew. Nothing is sent again (APR-6).
 *
 * @throws CoreError `not_eligible`; `self_approval` for the requester, where four eyes apply
 */
export type Resolve = (
  person: Person,
  reference: string,
  finding: Readonly<{ found: 'done' | 'not_done'; reason: string }>,
) => Promise<Card>

const RESOLVERS: ReadonlySet<Person['role']> = new Set(['owner', 'admin', 'approver'])

export const createResolve =
  (doAct: DoAct): Resolve =>
  (person, reference, { found, reason }) =>
    doAct(person, reference, {
      event: found === 'done' ? 'resolve_done' : 'resolve_not_done',
      reason,
      assertMay({ userId, role }, { principal, terms }, people) {
        if (!RESOLVERS.has(role)) {
          throw new CoreError('not_eligible', { approvers: [...RESOLVERS].join(', ') })
        }
        if (isRequester(userId, principal) && !maySelfApprove({ principal, terms, people })) {
          throw new CoreError('self_approval')
        }
      },
    })
