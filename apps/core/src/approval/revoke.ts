import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import { isApprover } from './access.ts'
import { approversOf, type Card } from './card.ts'
import type { DoAct } from './person-act.ts'

/**
 * An approver, or an administrator, takes an approval back until something is about to be sent.
 *
 * @throws CoreError `not_eligible`, `wrong_state`
 */
export type Revoke = (
  person: Person,
  reference: string,
  act: Readonly<{ reason: string }>,
) => Promise<Card>

const ADMINISTRATORS: ReadonlySet<Person['role']> = new Set(['owner', 'admin'])

export const createRevoke =
  (doAct: DoAct): Revoke =>
  (person, reference, { reason }) =>
    doAct(person, reference, {
      event: 'revoke',
      reason,
      assertMay(actor, approval, people) {
        if (ADMINISTRATORS.has(actor.role) || isApprover(actor, approval, people)) return
        throw new CoreError('not_eligible', { approvers: approversOf(approval) })
      },
    })
