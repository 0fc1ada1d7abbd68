import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'

import { CoreError } from '../ground/errors.ts'
import { constantTimeEqual, type Bytes } from './digest.ts'
import { randomBytes } from './random.ts'

/** A symmetric key. A `KeyObject` halves the cost of every use against raw bytes, and never prints (VLT-10). */
export type Key = KeyObject

export const KEY_BYTES = 32
const CHECK_BYTES = 16
const CHECK_LABEL = 'peta/key-check'

/** Copies `bytes`; the caller clears its own copy. */
export function createKey(bytes: Bytes): Key {
  if (bytes.byteLength !== KEY_BYTES) throw new CoreError('vault_integrity_failed')
  return createSecretKey(bytes)
}

export const drawKeyBytes = (): Buffer => randomBytes(KEY_BYTES)

/**
 * Commits to a key. GCM does not: one ciphertext can open under two keys, so a key is compared with its check
 * value before it is used (VLT-12).
 */
export const keyCheckValue = (key: Key): Buffer =>
  createHmac('sha256', key).update(CHECK_LABEL).digest().subarray(0, CHECK_BYTES)

/** @throws CoreError `vault_integrity_failed` */
export function assertKey(key: Key, checkValue: Bytes): void {
  if (!constantTimeEqual(keyCheckValue(key), checkValue)) {
    throw new CoreError('vault_integrity_failed')
  }
}
