import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import type { Card } from './card.ts'
import { isRequester } from './eligibility.ts'
import type { DoAct } from './person-act.ts'

/** The requester does not want it any more. @throws CoreError `not_eligible` for anyone else */
export type Withdraw = (person: Person, reference: string) => Promise<Card>

export const createWithdraw =
  (doAct: DoAct): Withdraw =>
  (person, reference) =>
    doAct(person, reference, {
      event: 'withdraw',
      assertMay({ userId }, { principal }) {
        if (!isRequester(userId, principal)) {
          throw new CoreError('not_eligible', { approvers: 'the requester' })
        }
      },
    })
