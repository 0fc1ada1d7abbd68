import type { Person } from '../model/principal.ts'
import { changeSecret, type VerbParts } from './change.ts'
import { assertVersion } from './sealed-version.ts'
import { promoted } from './version-states.ts'

export type Promotion = Readonly<{ secretId: string; version: number }>

/**
 * Takes a staged version into use, or the one before the current while it is in grace.
 *
 * @throws CoreError `secret_not_found`, `not_found`, `wrong_state`, `vault_integrity_failed`
 */
export async function promoteVersion(
  parts: VerbParts,
  person: Person,
  { secretId, version }: Promotion,
): Promise<void> {
  await changeSecret(parts, person, secretId, async (secret) => {
    const versions = promoted(secret.versions, version, parts.clock.nowMs())
    const current = versions.find((row) => row.version === version)
    if (current) await assertVersion(parts.keyring, secret, current)
    return { event: 'secret.promoted', currentVersion: version, versions, wraps: 0 }
  })
}
