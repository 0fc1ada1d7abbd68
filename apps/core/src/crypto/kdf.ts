import { hkdfSync } from 'node:crypto'

import type { Bytes } from './digest.ts'
import { KEY_BYTES, type Key } from './key.ts'

const NO_SALT = new Uint8Array()

/**
 * One independent key per `info`; knowing one says nothing about another or about `key`. The salt is empty because
 * `key` is uniformly random already.
 *
 * @see RFC 5869 section 3.3
 */
export const deriveKeyBytes = (key: Key | Bytes, info: Bytes | string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, NO_SALT, info, KEY_BYTES))
