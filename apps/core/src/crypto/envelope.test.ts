import fc from 'fast-check'
import { expect, it } from 'vitest'

import { isCoreError } from '../ground/errors.ts'
import { encodeAad, type Purpose } from './aad.ts'
import { envelopeKeyId, openEnvelope, sealEnvelope } from './envelope.ts'
import { assertKey, createKey, drawKeyBytes, keyCheckValue } from './key.ts'

const key = { id: 'kek_1', key: createKey(drawKeyBytes()) }
const aad = encodeAad('value', ['ws_1', 'sec_1', '1', 'dek_1'])
const value = Buffer.from('sk_live_0123456789abcdef')
const blob = sealEnvelope(key, value, aad)

it('gives back exactly what was sealed, of any length (VLT-13, VLT-14)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      expect(openEnvelope(key, sealEnvelope(key, bytes, aad), aad)).toEqual(Buffer.from(bytes))
    }),
    { numRuns: 200 },
  )
})

it('any flipped bit fails, in header, nonce, ciphertext and tag', () => {
  for (let bit = 0; bit < blob.byteLength * 8; bit++) {
    const altered = Buffer.from(blob)
    altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    expect(isRefused(() => openEnvelope(key, altered, aad))).toBe(true)
  }
})

it('any truncation and any extension fails', () => {
  for (let length = 0; length < blob.byteLength; length++) {
    expect(isRefused(() => openEnvelope(key, blob.subarray(0, length), aad))).toBe(true)
  }
  expect(isRefused(() => openEnvelope(key, Buffer.concat([blob, Buffer.of(0)]), aad))).toBe(true)
})

it('answers random bytes with nothing but a CoreError', () => {
  const blobLike = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .uint8Array({ maxLength: 200 })
      .map((tail) => Buffer.concat([Buffer.from('PVE1\u0001'), tail])),
  )
  fc.assert(
    fc.property(blobLike, (bytes) => {
      expect(isRefused(() => openEnvelope(key, bytes, aad))).toBe(true)
    }),
    { numRuns: 20_000 },
  )
})

it('refuses an unknown magic or algorithm instead of guessing (VLT-13)', () => {
  const otherMagic = Buffer.concat([Buffer.from('PVE2'), blob.subarray(4)])
  const otherAlg = Buffer.concat([blob.subarray(0, 4), Buffer.of(2), blob.subarray(5)])
  for (const unknown of [otherMagic, otherAlg]) {
    expect(() => openEnvelope(key, unknown, aad)).toThrow(
      expect.objectContaining({ code: 'vault_format_unknown' }),
    )
  }
})

it('opens under no other key, and under no other field of its place (VLT-15)', () => {
  expect(
    isRefused(() => openEnvelope({ id: key.id, key: createKey(drawKeyBytes()) }, blob, aad)),
  ).toBe(true)
  const places: readonly [Purpose, string[]][] = [
    ['dek', ['ws_1', 'sec_1', '1', 'dek_1']],
    ['value', ['ws_2', 'sec_1', '1', 'dek_1']],
    ['value', ['ws_1', 'sec_2', '1', 'dek_1']],
    ['value', ['ws_1', 'sec_1', '2', 'dek_1']],
    ['value', ['ws_1', 'sec_1', '1', 'dek_2']],
    ['value', ['ws_1sec_1', '', '1', 'dek_1']],
    ['value', ['ws_1', 'sec_1', '1']],
  ]
  for (const [purpose, fields] of places) {
    expect(isRefused(() => openEnvelope(key, blob, encodeAad(purpose, fields)))).toBe(true)
  }
})

it('does not tell a length below a step of 64 bytes, or of 1 KiB above one (VLT-14)', () => {
  const sizeOf = (length: number): number => sealEnvelope(key, Buffer.alloc(length), aad).byteLength
  expect(new Set([0, 1, 30, 60].map(sizeOf)).size).toBe(1)
  expect(sizeOf(61)).toBe(sizeOf(60) + 64)
  expect(new Set([1021, 1500, 2044].map(sizeOf)).size).toBe(1)
})

it('names its key, and refuses a key that is not the one of the check value (VLT-12)', () => {
  expect(envelopeKeyId(blob)).toBe('kek_1')
  assertKey(key.key, keyCheckValue(key.key))
  expect(isRefused(() => assertKey(createKey(drawKeyBytes()), keyCheckValue(key.key)))).toBe(true)
})

it('never gives two ciphertexts alike for one value', () => {
  expect(sealEnvelope(key, value, aad)).not.toEqual(blob)
})

function isRefused(open: () => unknown): boolean {
  try {
    open()
    return false
  } catch (error) {
    return isCoreError(error)
  }
}
