import { openEnvelope, sealEnvelope, type EnvelopeKey } from '../crypto/envelope.ts'
import { createKey, drawKeyBytes } from '../crypto/key.ts'
import { CoreError } from '../ground/errors.ts'
import { kekOfBlob, type Keyring } from './keyring.ts'
import { placeOf, type DekPlace, type VersionPlace } from './place.ts'
import type { SecretRecord, VersionRow } from './secret-record.ts'

/** What of a secret its versions are tied to, apart from their own numbers. */
export type SealContext = Pick<
  SecretRecord,
  'workspaceId' | 'id' | 'ownerKind' | 'ownerId' | 'bindingDigest'
>

type Numbered = Readonly<{ version: number; dekId: string }>

/** One fresh key encrypts one value once; that key is wrapped together with who may use it, and where (VLT-11). */
export function sealVersion(
  kek: EnvelopeKey,
  secret: SealContext,
  { version, dekId }: Numbered,
  value: Uint8Array,
): Pick<VersionRow, 'dek_id' | 'kek_id' | 'wrapped_dek' | 'blob'> {
  const place = { workspaceId: secret.workspaceId, secretId: secret.id, version, dekId }
  const dek = drawKeyBytes()
  try {
    return {
      dek_id: dekId,
      kek_id: kek.id,
      wrapped_dek: sealEnvelope(kek, dek, placeOf.dek(dekPlace(secret, place, kek.id))),
      blob: sealEnvelope({ id: dekId, key: createKey(dek) }, value, placeOf.value(place)),
    }
  } finally {
    dek.fill(0)
  }
}

/**
 * The value, in a buffer that the caller clears.
 *
 * @throws CoreError `vault_integrity_failed`, also when a binding or an owner was edited in the database
 */
export async function openVersion(
  keyring: Keyring,
  secret: SealContext,
  row: VersionRow,
): Promise<Buffer> {
  const dek = await unwrapDek(keyring, secret, row)
  try {
    const key = { id: row.dek_id, key: createKey(dek) }
    return openEnvelope(key, row.blob, placeOf.value(versionPlace(secret, row)))
  } finally {
    dek.fill(0)
  }
}

/** Proves that a version belongs to the secret with the bindings it has now, without opening the value. */
export async function assertVersion(
  keyring: Keyring,
  secret: SealContext,
  row: VersionRow,
): Promise<void> {
  const dek = await unwrapDek(keyring, secret, row)
  dek.fill(0)
}

/** The same value under other bindings. The value itself is not opened (VLT-41). */
export async function rewrapVersion(
  keyring: Keyring,
  secret: SealContext,
  row: VersionRow,
  bindingDigest: string,
): Promise<VersionRow> {
  const kek = await keyring.active(secret.workspaceId)
  const place = dekPlace({ ...secret, bindingDigest }, versionPlace(secret, row), kek.id)
  const dek = await unwrapDek(keyring, secret, row)
  try {
    return { ...row, kek_id: kek.id, wrapped_dek: sealEnvelope(kek, dek, placeOf.dek(place)) }
  } finally {
    dek.fill(0)
  }
}

async function unwrapDek(keyring: Keyring, secret: SealContext, row: VersionRow): Promise<Buffer> {
  const kek = await kekOfBlob(keyring, secret.workspaceId, row.wrapped_dek)
  if (kek.id !== row.kek_id) throw new CoreError('vault_integrity_failed')
  const place = dekPlace(secret, versionPlace(secret, row), kek.id)
  return openEnvelope(kek, row.wrapped_dek, placeOf.dek(place))
}

const versionPlace = (secret: SealContext, row: VersionRow): VersionPlace => ({
  workspaceId: secret.workspaceId,
  secretId: secret.id,
  version: row.version,
  dekId: row.dek_id,
})

const dekPlace = (
  { ownerKind, ownerId, bindingDigest }: SealContext,
  place: VersionPlace,
  kekId: string,
): VersionPlace & DekPlace => ({ ...place, kekId, ownerKind, ownerId, bindingDigest })
