import { createHash, createHmac, hash, timingSafeEqual } from 'node:crypto'

export type Bytes = Uint8Array

/** Strings are hashed as UTF-8. */
export const sha256 = (content: Bytes | string): Buffer => hash('sha256', content, 'buffer')

/** Lower-case hex. */
export const sha256Hex = (content: Bytes | string): string => hash('sha256', content, 'hex')

/** For content too large to hold at once. */
export function createSha256(): Readonly<{
  update: (piece: Bytes) => void
  digestHex: () => string
}> {
  const digest = createHash('sha256')
  return { update: (piece) => void digest.update(piece), digestHex: () => digest.digest('hex') }
}

/** @see RFC 2104 */
export const hmacSha256 = (key: Bytes, content: Bytes | string): Buffer =>
  createHmac('sha256', key).update(content).digest()

/** Equal lengths are compared in a time that says nothing about where they differ. */
export const constantTimeEqual = (a: Bytes, b: Bytes): boolean =>
  a.byteLength === b.byteLength && timingSafeEqual(a, b)
