import { CoreError } from '../ground/errors.ts'
import { decrypt, encrypt, OVERHEAD_BYTES } from './aead.ts'
import type { Bytes } from './digest.ts'
import type { Key } from './key.ts'
import { pad, unpad } from './padding.ts'

/**
 * Blob v1 (VLT-13): `"PVE1" | alg u8 | key_id_len u8 | key_id | nonce 12 | ciphertext | tag 16`. The header is not
 * covered by the tag itself: magic and algorithm have one legal value each, and the key's id is also a field of the
 * additional data.
 */
const MAGIC = Buffer.from('PVE1')
const AES_256_GCM = 1
const ALG_AT = MAGIC.length
const KEY_ID_LENGTH_AT = ALG_AT + 1
const KEY_ID_AT = KEY_ID_LENGTH_AT + 1
const KEY_ID_BYTES_MAX = 255

export type EnvelopeKey = Readonly<{ id: string; key: Key }>

/** Encrypts `value`, padded, under a key that the blob names. */
export function sealEnvelope({ id, key }: EnvelopeKey, value: Bytes, aad: Bytes): Buffer {
  const keyId = Buffer.from(id)
  if (keyId.byteLength > KEY_ID_BYTES_MAX) throw new RangeError('key id too long')
  const header = Buffer.concat([MAGIC, Buffer.of(AES_256_GCM, keyId.byteLength), keyId])
  const padded = pad(value)
  try {
    return Buffer.concat([header, encrypt(key, padded, aad)])
  } finally {
    padded.fill(0)
  }
}

/**
 * The value in a buffer of its own; the caller clears it.
 *
 * @throws CoreError `vault_format_unknown`, `vault_integrity_failed`
 */
export function openEnvelope({ id, key }: EnvelopeKey, blob: Bytes, aad: Bytes): Buffer {
  const { keyId, bodyAt } = readHeader(blob)
  if (keyId !== id) throw new CoreError('vault_integrity_failed')
  return unpad(decrypt(key, blob.subarray(bodyAt), aad))
}

/**
 * The id of the key that a blob asks for. A claim, proven only by opening it.
 *
 * @throws CoreError `vault_format_unknown`, `vault_integrity_failed`
 */
export const envelopeKeyId = (blob: Bytes): string => readHeader(blob).keyId

function readHeader(blob: Bytes): { keyId: string; bodyAt: number } {
  const isKnown = MAGIC.equals(blob.subarray(0, MAGIC.length)) && blob[ALG_AT] === AES_256_GCM
  if (!isKnown) throw new CoreError('vault_format_unknown')
  const bodyAt = KEY_ID_AT + (blob[KEY_ID_LENGTH_AT] ?? 0)
  if (blob.byteLength < bodyAt + OVERHEAD_BYTES) throw new CoreError('vault_integrity_failed')
  const keyId = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength)
    .subarray(KEY_ID_AT, bodyAt)
    .toString('utf8')
  return { keyId, bodyAt }
}
