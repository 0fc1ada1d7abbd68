import type { CatalogueItem } from '../../model/server.ts'

type State = CatalogueItem['state']

/** What is known of an entry before a list is read. */
export type Reviewed = Readonly<{ state: State; pin: string; acceptedPin: string | null }>

/**
 * The state of an entry after a list showed it with a pin, or did not show it (POL-46). Only a person accepts: an
 * entry comes back into use by itself only as exactly what was accepted.
 */
export function nextState(known: Reviewed | undefined, seenPin: string | undefined): State {
  if (!known) return 'quarantined'
  if (seenPin === undefined) return known.state === 'rejected' ? 'rejected' : 'gone'
  if (known.state === 'rejected') return seenPin === known.pin ? 'rejected' : 'quarantined'
  if (known.acceptedPin === null) return 'quarantined'
  return seenPin === known.acceptedPin ? 'accepted' : 'changed'
}
