import type { Person } from '../model/principal.ts'
import { changeSecret, type VerbParts } from './change.ts'
import { destroyed } from './version-states.ts'

/**
 * Takes the keys of every version away, for good. Copies of the database made before still hold them (VLT-40).
 *
 * @throws CoreError `secret_not_found`
 */
export async function destroySecret(
  parts: VerbParts,
  person: Person,
  secretId: string,
): Promise<void> {
  await changeSecret(parts, person, secretId, (secret) =>
    Promise.resolve({
      event: 'secret.destroyed',
      state: 'destroyed',
      currentVersion: null,
      versions: secret.versions.map(destroyed),
      bindings: [],
      wraps: 0,
    }),
  )
}
