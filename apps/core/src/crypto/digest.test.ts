import { expect, it } from 'vitest'

import { constantTimeEqual, hmacSha256, sha256, sha256Hex } from './digest.ts'

it('computes the SHA-256 vector of FIPS 180-4, of text and of bytes', () => {
  const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(sha256Hex('abc')).toBe(expected)
  expect(sha256(Buffer.from('abc')).toString('hex')).toBe(expected)
})

it('computes HMAC test case 2 of RFC 4231', () => {
  expect(hmacSha256(Buffer.from('Jefe'), 'what do ya want for nothing?').toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})

it('calls only identical bytes equal, whatever their lengths', () => {
  expect(constantTimeEqual(Buffer.from('abc'), Buffer.from('abc'))).toBe(true)
  expect(constantTimeEqual(Buffer.from('abc'), Buffer.from('abd'))).toBe(false)
  expect(constantTimeEqual(Buffer.from('abc'), Buffer.from('ab'))).toBe(false)
})
