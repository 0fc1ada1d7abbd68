import fc from 'fast-check'
import { expect, it } from 'vitest'

import { hasControl } from './control-bytes.ts'

it('finds a control byte wherever it stands, and sees none in any other byte', () => {
  const text = fc.uint8Array({ minLength: 1, maxLength: 200 })
  const place = fc.nat(1000)
  fc.assert(
    fc.property(text, place, place, place, (random, offset, from, length) => {
      const room = Buffer.from(random)
      const bytes = room.subarray(offset % room.length)
      const start = from % bytes.length
      const end = Math.min(start + length, bytes.length)
      const expected = [...bytes.subarray(start, end)].some((byte) => byte < 0x20)
      expect(hasControl(bytes, start, end)).toBe(expected)
    }),
    { numRuns: 5000 },
  )
})

it.each([0x20, 0x7f, 0x80, 0xa0, 0xff])(
  'takes bytes of %i for text, beside each other too',
  (byte) => {
    const bytes = Buffer.alloc(100, byte)
    expect(hasControl(bytes, 1, 99)).toBe(false)
    for (let at = 1; at < 99; at += 1) {
      const spoiled = Buffer.from(bytes)
      spoiled[at] = 0x1f
      expect(hasControl(spoiled, 1, 99)).toBe(true)
    }
  },
)
