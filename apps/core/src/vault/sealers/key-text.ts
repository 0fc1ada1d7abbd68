import { CoreError } from '../../ground/errors.ts'
import { KEY_BYTES } from '../../crypto/key.ts'

/** A key as people copy it: 32 bytes as base64url, with or without a line end. */
export const formatKey = (bytes: Buffer): string => `${bytes.toString('base64url')}\n`

/** @throws CoreError `sealer_unavailable`; the text is never repeated */
export function parseKey(text: string, source: string): Buffer {
  const trimmed = text.trim()
  const bytes = Buffer.from(trimmed, 'base64url')
  if (bytes.byteLength !== KEY_BYTES || bytes.toString('base64url') !== trimmed) {
    bytes.fill(0)
    throw new CoreError('sealer_unavailable', {
      problem: `${source} does not hold 32 bytes as base64url.`,
    })
  }
  return bytes
}
