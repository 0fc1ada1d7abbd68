import fc from 'fast-check'
import { expect, it } from 'vitest'

import { splice, spliceMessage, wholeOf } from './splice.ts'

it('changes nothing outside its spans', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string(), fc.string())), (parts) => {
      let before = ''
      let after = ''
      const edits = parts.map(([kept, old, text]) => {
        const start = Buffer.byteLength(before + kept)
        before += kept + old
        after += kept + text
        return { span: [start, start + Buffer.byteLength(old)] as const, text }
      })
      expect(splice(Buffer.from(before), edits).toString()).toBe(Buffer.from(after).toString())
    }),
  )
})

it('refuses edits that overlap', () => {
  const edits = [
    { span: [0, 2], text: 'a' },
    { span: [1, 3], text: 'b' },
  ] as const
  expect(() => splice(Buffer.from('xyz'), edits)).toThrow(RangeError)
})

it('gives a long message in pieces that say the same, and copies nothing of it', () => {
  const long = Buffer.from(`{"id":1,"text":"${'x'.repeat(20_000)}"}`)
  const edits = [
    { span: [1, 1], text: Buffer.from('"a":0,') },
    { span: [6, 7], text: '"client"' },
  ] as const
  const pieces = spliceMessage(long, edits.toReversed())
  expect(wholeOf(pieces).toString()).toBe(splice(long, edits).toString())
  expect(Buffer.isBuffer(pieces) ? [] : pieces.map(({ buffer }) => buffer)).toContain(long.buffer)
  expect(() => spliceMessage(long, [edits[1], edits[1]])).toThrow(RangeError)
})
