import { isCoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import { openRootKey } from './root-key.ts'
import type { SealState } from './seal-state.ts'
import type { VaultParts } from './vault.ts'

/**
 * Opens the root key. Failures cannot be recorded while the log has no key, so their number is part of the event
 * that records the success (AUD-16).
 */
export function createUnseal(parts: VaultParts, state: SealState, drop: () => void) {
  let failures = 0

  async function open(signal: AbortSignal): Promise<void> {
    try {
      state.set(await openRootKey(parts, signal))
    } catch (error) {
      failures++
      const code = isCoreError(error) ? error.code : 'internal'
      parts.log.error({ code, failures }, 'the vault cannot be unsealed')
      throw error
    }
  }

  return async function unseal(signal: AbortSignal, person?: Person): Promise<void> {
    if (state.isUnsealed()) return
    await open(signal)
    try {
      await parts.whenUnsealed?.()
      await parts.store.append([
        parts.draft({
          type: 'vault.unsealed',
          workspaceId: '',
          ...(person && { actorId: person.userId }),
          fields: { sealer: parts.sealer.kind, failures_before: failures },
        }),
      ])
      failures = 0
    } catch (error) {
      state.set(undefined)
      drop()
      throw error
    }
  }
}
