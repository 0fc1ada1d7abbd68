import { constantTimeEqual, hmacSha256 } from '../crypto/digest.ts'

/** Key of every stored credential hash. @throws CoreError `vault_sealed` */
export type Pepper = () => Uint8Array

/** What is stored of a credential. The 256 random bits in its text make a slow hash needless (IDN-12). */
export const hashOf = (pepper: Pepper, text: string): Uint8Array => hmacSha256(pepper(), text)

export const isHashOf = (pepper: Pepper, text: string, hash: Uint8Array): boolean =>
  constantTimeEqual(hmacSha256(pepper(), text), hash)
