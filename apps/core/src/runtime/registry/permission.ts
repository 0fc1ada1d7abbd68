import { holds, type Permission } from '@peta/contract'

import { CoreError } from '../../ground/errors.ts'
import type { Person } from '../../model/principal.ts'

/** Asked here as well as at the route, so that a new route cannot go round it (RUN-5). */
export function assertHolds(person: Person, permission: Permission): void {
  if (!holds(person.role, permission)) throw new CoreError('forbidden', { permission })
}
