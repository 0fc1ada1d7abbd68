import type { Person } from '../model/principal.ts'
import type { SealState } from './seal-state.ts'
import type { VaultParts } from './vault.ts'

/** Gives up every key first and says so after: sealing must work when recording does not (VLT-21). */
export function createSealVault(parts: VaultParts, state: SealState, drop: () => void) {
  return async function seal(person?: Person): Promise<void> {
    if (!state.isUnsealed()) return
    state.set(undefined)
    drop()
    const event = parts.draft({
      type: 'vault.sealed',
      workspaceId: '',
      ...(person && { actorId: person.userId }),
    })
    try {
      await parts.store.append([event])
    } finally {
      parts.whenSealed?.()
    }
  }
}
