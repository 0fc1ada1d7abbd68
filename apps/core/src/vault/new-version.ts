import type { Person } from '../model/principal.ts'
import type { VerbParts } from './change.ts'
import type { SecretRecord, VersionRow } from './secret-record.ts'
import { sealVersion } from './sealed-version.ts'

/** The next version of a secret, staged, sealed under the bindings that `secret` has. */
export async function nextVersion(
  parts: VerbParts,
  person: Person,
  secret: SecretRecord,
  bytes: Buffer,
): Promise<VersionRow> {
  const version = Math.max(0, ...secret.versions.map((row) => row.version)) + 1
  const kek = await parts.keyring.active(secret.workspaceId)
  return {
    version,
    state: 'staged',
    ...sealVersion(kek, secret, { version, dekId: parts.newId('dek') }, bytes),
    created_by: person.userId,
    created_at: parts.clock.nowMs(),
    not_after: null,
  }
}
