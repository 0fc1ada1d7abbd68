import { CoreError } from '../ground/errors.ts'
import type { Bytes } from './digest.ts'

const LENGTH_BYTES = 4
const SMALL_STEP = 64
const LARGE_STEP = 1024

/**
 * `u32 length | value | zeros`, to a multiple of 64 bytes up to 1 KiB and of 1 KiB above, so that the size of a
 * ciphertext does not tell the length of a value (VLT-14).
 */
export function pad(value: Bytes): Buffer {
  const used = LENGTH_BYTES + value.byteLength
  const step = used <= LARGE_STEP ? SMALL_STEP : LARGE_STEP
  const padded = Buffer.alloc(Math.ceil(used / step) * step)
  padded.writeUInt32BE(value.byteLength)
  padded.set(value, LENGTH_BYTES)
  return padded
}

/**
 * Gives a copy and clears `padded`.
 *
 * @throws CoreError `vault_integrity_failed`
 */
export function unpad(padded: Buffer): Buffer {
  try {
    const length = padded.byteLength < LENGTH_BYTES ? Infinity : padded.readUInt32BE()
    if (length > padded.byteLength - LENGTH_BYTES) throw new CoreError('vault_integrity_failed')
    return Buffer.from(padded.subarray(LENGTH_BYTES, LENGTH_BYTES + length))
  } finally {
    padded.fill(0)
  }
}
