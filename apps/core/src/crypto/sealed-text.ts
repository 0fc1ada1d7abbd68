import { isCoreError } from '../ground/errors.ts'
import { decrypt, encrypt } from './aead.ts'
import { deriveKeyBytes } from './kdf.ts'
import { createKey, type Key } from './key.ts'

/** Authenticated encryption of short texts that go out and come back: cursors, session ids. */
export type SealedText<P extends string> = Readonly<{
  /** URL-safe. */
  seal: (purpose: P, text: string) => string
  /** Undefined for whatever was not sealed for this purpose under this key, and for what was altered. */
  open: (purpose: P, sealed: string) => string | undefined
}>

/** One key a purpose, derived from `key`, so that a text made for one use opens for no other. */
export function createSealedText<P extends string>(key: Uint8Array): SealedText<P> {
  const root = createKey(Buffer.from(key))
  const keys = new Map<P, Key>()

  function keyFor(purpose: P): Key {
    const known = keys.get(purpose)
    if (known) return known
    const made = createKey(deriveKeyBytes(root, `peta/${purpose}`))
    keys.set(purpose, made)
    return made
  }

  return {
    seal: (purpose, text) =>
      encrypt(keyFor(purpose), Buffer.from(text), Buffer.from(purpose)).toString('base64url'),
    open(purpose, sealed) {
      try {
        const blob = Buffer.from(sealed, 'base64url')
        // The decoder reads past what is no base64url, and past the last bits: one text has one spelling.
        if (blob.toString('base64url') !== sealed) return undefined
        return decrypt(keyFor(purpose), blob, Buffer.from(purpose)).toString('utf8')
      } catch (error) {
        if (isCoreError(error, 'vault_integrity_failed')) return undefined
        throw error
      }
    },
  }
}
