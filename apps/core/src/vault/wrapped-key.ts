import { openEnvelope, sealEnvelope } from '../crypto/envelope.ts'
import { assertKey, createKey, drawKeyBytes, keyCheckValue, type Key } from '../crypto/key.ts'
import type { RootKey } from './root-key.ts'

type WrappedKey = Readonly<{ check_value: Uint8Array; blob: Uint8Array }>

/** A new random key, ready to be stored; it is opened again from there, so that the stored one is the one used. */
export function drawWrappedKey(root: RootKey, place: Uint8Array) {
  const bytes = drawKeyBytes()
  try {
    return {
      rootId: root.id,
      checkValue: keyCheckValue(createKey(bytes)),
      blob: sealEnvelope(root, bytes, place),
    }
  } finally {
    bytes.fill(0)
  }
}

/** @throws CoreError `vault_integrity_failed`, `vault_format_unknown` */
export function unwrapKeyBytes(root: RootKey, wrapped: WrappedKey, place: Uint8Array): Buffer {
  const bytes = openEnvelope(root, wrapped.blob, place)
  assertKey(createKey(bytes), wrapped.check_value)
  return bytes
}

/** @throws CoreError `vault_integrity_failed`, `vault_format_unknown` */
export function unwrapKey(root: RootKey, wrapped: WrappedKey, place: Uint8Array): Key {
  const bytes = unwrapKeyBytes(root, wrapped, place)
  try {
    return createKey(bytes)
  } finally {
    bytes.fill(0)
  }
}
