import type { Person } from '../model/principal.ts'
import { changeSecret, type Change, type VerbParts } from './change.ts'
import { nextVersion } from './new-version.ts'
import type { SecretRecord } from './secret-record.ts'
import { assertFits, withValue, type NewValue } from './secret-value.ts'
import { assertVersion } from './sealed-version.ts'
import { aged, isLive, promoted } from './version-states.ts'

export type NewVersion = NewValue &
  Readonly<{
    secretId: string
    /** In use at once, instead of waiting for `promote`. */
    promote: boolean
  }>

/**
 * Gives a secret a new value for the places it is bound to already; resolves with the number of its version.
 *
 * @throws CoreError `secret_not_found`, `secret_too_short`, `invalid_request`, `vault_integrity_failed`
 */
export function putVersion(parts: VerbParts, person: Person, asked: NewVersion): Promise<number> {
  return withValue(asked, async (bytes) => {
    const after = await changeSecret(parts, person, asked.secretId, async (secret) => {
      await assertBindings(parts, secret)
      assertFits(bytes, secret.bindings)
      const next = await nextVersion(parts, person, secret, bytes)
      return asked.promote
        ? promotion([...secret.versions, next], next.version, parts.clock.nowMs())
        : {
            event: 'secret.staged',
            versions: aged([...secret.versions, next], parts.clock.nowMs()),
            wraps: 1,
            fields: { staged: next.version },
          }
    })
    return Math.max(...after.versions.map((row) => row.version))
  })
}

function promotion(versions: SecretRecord['versions'], version: number, nowMs: number): Change {
  return {
    event: 'secret.promoted',
    state: 'active',
    currentVersion: version,
    versions: promoted(versions, version, nowMs),
    wraps: 1,
  }
}

/**
 * A binding that was edited in the database must not be taken for true by sealing the next value under it: some
 * version that opens under it has to vouch.
 */
export async function assertBindings(parts: VerbParts, secret: SecretRecord): Promise<void> {
  const witness = secret.versions.findLast(isLive)
  if (witness) await assertVersion(parts.keyring, secret, witness)
}
