import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import { cardFor, type Card } from './card.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import type { Find } from './find.ts'

/** @throws CoreError `not_found`, also for an approval that is none of the person's business */
export type Read = (person: Person, reference: string) => Promise<Card>

export function createRead({
  directory,
  openData,
  find,
}: Pick<ApprovalDependencies, 'directory' | 'openData'> & Readonly<{ find: Find }>): Read {
  return async function read(person, reference) {
    const approval = await find.byReference(person.workspaceId, reference)
    const people = await directory.people(person.workspaceId)
    const card = await cardFor(approval, { person, people }, openData)
    if (!card) throw new CoreError('not_found')
    return card
  }
}
