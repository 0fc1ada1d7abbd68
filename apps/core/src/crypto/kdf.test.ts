import { expect, it } from 'vitest'

import { deriveKeyBytes } from './kdf.ts'
import { createKey } from './key.ts'

it('derives by HKDF-SHA256 with an empty salt (RFC 5869 test case 3)', () => {
  const derived = deriveKeyBytes(Buffer.alloc(22, 0x0b), '')
  expect(derived.toString('hex')).toBe(
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
  )
})

it('derives unlike keys for unlike purposes, the same from bytes and from a key', () => {
  const bytes = Buffer.alloc(32, 7)
  expect(deriveKeyBytes(bytes, 'a')).not.toEqual(deriveKeyBytes(bytes, 'b'))
  expect(deriveKeyBytes(createKey(bytes), 'a')).toEqual(deriveKeyBytes(bytes, 'a'))
})
