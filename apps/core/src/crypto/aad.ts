import type { Bytes } from './digest.ts'

/** What a blob holds, and so which fields its place in the world consists of (VLT-15). Never renumbered. */
export const purposes = {
  value: 1,
  dek: 2,
  kek: 3,
  root: 4,
  data: 5,
  systemKey: 6,
} as const
export type Purpose = keyof typeof purposes

const LABEL = Buffer.from('peta.vault.v1\0')
const FIELD_BYTES_MAX = 0xffff

/**
 * Additional data that ties a ciphertext to its place. Every field is preceded by its length, so that no two lists
 * of fields give the same bytes.
 */
export function encodeAad(purpose: Purpose, fields: readonly string[]): Bytes {
  const parts: Buffer[] = [LABEL, Buffer.of(purposes[purpose])]
  for (const field of fields) {
    const text = Buffer.from(field)
    if (text.byteLength > FIELD_BYTES_MAX) throw new RangeError('field too long for its length')
    const length = Buffer.alloc(2)
    length.writeUInt16BE(text.byteLength)
    parts.push(length, text)
  }
  return Buffer.concat(parts)
}
