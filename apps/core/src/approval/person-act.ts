import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import { sightOf } from './access.ts'
import type { Advance } from './advance.ts'
import type { Approval } from './approval.ts'
import { cardFor, type Card } from './card.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import type { Voter } from './eligibility.ts'
import type { Find } from './find.ts'
import type { ApprovalEvent } from './machine.ts'
import { ifUnchanged, settleOverdue } from './overdue.ts'
import { placeOfNote } from './places.ts'

/** What a person does to an approval other than voting: an event of the table, who may, and in what words. */
export type Act = Readonly<{
  event: ApprovalEvent
  /** @throws CoreError when this person may not */
  assertMay: (person: Person, approval: Approval, people: readonly Voter[]) => void
  /** Why, 3 to 500 characters, checked where it came in. */
  reason?: string
}>

/** @throws CoreError `not_found`, `wrong_state`, `approval_expired`, and what the act's own check throws */
export type DoAct = (person: Person, reference: string, act: Act) => Promise<Card>

export type ActDependencies = Pick<ApprovalDependencies, 'directory' | 'sealData' | 'openData'> &
  Readonly<{ find: Find; advance: Advance }>

export function createDoAct(needs: ActDependencies): DoAct {
  const { find, directory, advance, sealData, openData } = needs

  return async function doAct(person, reference, { event, assertMay, reason }) {
    for (;;) {
      const approval = await find.byReference(person.workspaceId, reference)
      const people = await directory.people(person.workspaceId)
      if (sightOf(person, approval, people) === 'nothing') throw new CoreError('not_found')
      assertMay(person, approval, people)
      if (await settleOverdue(approval, advance)) continue
      const note = reason && (await sealData(placeOfNote(approval), Buffer.from(reason)))
      const end = { actorId: person.userId, ...(note && { note }) }
      if (await ifUnchanged(() => advance(approval, event, end))) {
        const now = await find.byReference(person.workspaceId, approval.id)
        const card = await cardFor(now, { person, people }, openData)
        if (card) return card
      }
    }
  }
}
