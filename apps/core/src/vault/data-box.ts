import { openEnvelope, sealEnvelope, type EnvelopeKey } from '../crypto/envelope.ts'
import { deriveKeyBytes } from '../crypto/kdf.ts'
import { createKey } from '../crypto/key.ts'
import { kekOfBlob, type Keyring } from './keyring.ts'
import { placeOf, type DataPlace } from './place.ts'

/** Encrypts what other stages keep: approval arguments, results, tokens of others (VLT-36). */
export type DataBox = Readonly<{
  sealData: (place: DataPlace, bytes: Uint8Array) => Promise<Buffer>
  /** @throws CoreError `vault_sealed`, `vault_integrity_failed`, `vault_format_unknown` */
  openData: (place: DataPlace, blob: Uint8Array) => Promise<Buffer>
}>

/**
 * Every cell has a key of its own, derived from the workspace's by the cell's place. So random nonces cannot run
 * out, however many approvals there are, and no cell is counted against the limit of wraps.
 */
export function createDataBox(keyring: Keyring): DataBox {
  return {
    async sealData(place, bytes) {
      const kek = await keyring.active(place.workspaceId)
      const aad = placeOf.data({ ...place, kekId: kek.id })
      return sealEnvelope(cellKey(kek, aad), bytes, aad)
    },
    async openData(place, blob) {
      const kek = await kekOfBlob(keyring, place.workspaceId, blob)
      const aad = placeOf.data({ ...place, kekId: kek.id })
      return openEnvelope(cellKey(kek, aad), blob, aad)
    },
  }
}

function cellKey({ id, key }: EnvelopeKey, info: Uint8Array): EnvelopeKey {
  const bytes = deriveKeyBytes(key, info)
  try {
    return { id, key: createKey(bytes) }
  } finally {
    bytes.fill(0)
  }
}
