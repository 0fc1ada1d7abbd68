import { CoreError } from '../ground/errors.ts'
import type { Secret } from '../ground/secret.ts'
import { isForHttp, isSafeText, type Binding } from './binding.ts'
import { PIECE_BYTES_MIN } from './scrub/pieces.ts'

/** A value on its way in. It prints as `[secret]` until it is sealed. */
export type NewValue = Readonly<{ value: Secret<string>; allowShort?: boolean }>

const VALUE_BYTES_MAX = 64 * 1024

/**
 * Gives the bytes to `use` and clears them after.
 *
 * @throws CoreError `secret_too_short`, `invalid_request`
 */
export async function withValue<T>(
  { value, allowShort = false }: NewValue,
  use: (bytes: Buffer) => Promise<T>,
): Promise<T> {
  const text = value.reveal()
  if (text === '' || !text.isWellFormed() || text.includes('\0')) {
    throw invalid('The value is empty, or holds a zero byte or half a character.')
  }
  const bytes = Buffer.from(text)
  try {
    if (bytes.byteLength > VALUE_BYTES_MAX) throw invalid('The value is longer than 64 KiB.')
    if (bytes.byteLength < PIECE_BYTES_MIN && !allowShort) throw new CoreError('secret_too_short')
    return await use(bytes)
  } finally {
    bytes.fill(0)
  }
}

/** A value that its place cannot carry unchanged is refused when it is put, not when it is needed (VLT-46). */
export function assertFits(bytes: Buffer, bindings: readonly Binding[]): void {
  const text = bytes.toString('utf8')
  if (bindings.some(({ target }) => target === 'basic') && !/^[^:]+:./s.test(text)) {
    throw invalid('For basic authentication the value is user:password.')
  }
  if (bindings.some(({ target }) => isForHttp(target)) && !isSafeText(text)) {
    throw invalid('A header carries ASCII only, without line ends.')
  }
}

const invalid = (problem: string): CoreError => new CoreError('invalid_request', { problem })
