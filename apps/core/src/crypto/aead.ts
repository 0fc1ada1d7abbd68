import { createCipheriv, createDecipheriv } from 'node:crypto'

import { CoreError } from '../ground/errors.ts'
import type { Bytes } from './digest.ts'
import type { Key } from './key.ts'
import { randomBytes } from './random.ts'

const ALGORITHM = 'aes-256-gcm'
const TAG = { authTagLength: 16 } as const

const NONCE_BYTES = 12
const TAG_BYTES = TAG.authTagLength
export const OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES

/**
 * AES-256-GCM under a random nonce, as `nonce | ciphertext | tag`. Random nonces are safe for 2^32 messages under a
 * key; callers stay far below it (VLT-11).
 *
 * @see NIST SP 800-38D section 8.2.2
 */
export function encrypt(key: Key, plaintext: Bytes, aad: Bytes): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce, TAG)
  cipher.setAAD(aad)
  const body = cipher.update(plaintext)
  return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()])
}

/**
 * Whatever is wrong with it, the error is the same, so that it answers no question about key or content.
 *
 * @throws CoreError `vault_integrity_failed`
 */
export function decrypt(key: Key, sealed: Bytes, aad: Bytes): Buffer {
  const tagAt = sealed.byteLength - TAG_BYTES
  if (tagAt < NONCE_BYTES) throw new CoreError('vault_integrity_failed')
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), TAG)
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(tagAt))
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, tagAt))
  try {
    decipher.final()
  } catch (cause) {
    plaintext.fill(0)
    throw new CoreError('vault_integrity_failed', {}, { cause })
  }
  return plaintext
}
