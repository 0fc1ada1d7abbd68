import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { canonicalJson } from './canonical-json.ts'
import { ExactNumber } from './exact-number.ts'

const integer = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })
/** Spellings of the same integer. */
const spelt = fc
  .tuple(integer, fc.nat({ max: 5 }), fc.nat({ max: 5 }))
  .map(([value, zeros, exponent]) => ({
    value: value * 10n ** BigInt(exponent),
    text: `${value}${zeros > 0 ? `.${'0'.repeat(zeros)}` : ''}${exponent > 0 ? `e+${exponent}` : ''}`,
  }))

describe('a number that no double holds (MCP-92)', () => {
  it('equals an integer exactly when it is that integer, however it is spelt', () => {
    fc.assert(
      fc.property(spelt, integer, ({ value, text }, other) => {
        const exact = new ExactNumber(text)
        expect(exact.equals(value)).toBe(true)
        expect(exact.equals(other)).toBe(value === other)
        expect(exact.equals(value + 1n)).toBe(false)
        expect(exact.equals(-value)).toBe(value === 0n)
        expect(exact.equals(new ExactNumber(String(value)))).toBe(true)
        expect(exact.isInteger).toBe(true)
      }),
    )
  })

  it.each([
    ['9007199254740993.5', false],
    ['9007199254740993.0', true],
    ['1e400', true],
    ['1e-400', false],
    ['0.1234567890123456789', false],
  ])('%s is an integer: %s', (text, expected) => {
    expect(new ExactNumber(text).isInteger).toBe(expected)
  })

  it('is written by nobody as another value, nor by its text where a digest is made', () => {
    const exact = new ExactNumber('9007199254740993')
    expect(() => JSON.stringify({ exact })).toThrow(TypeError)
    expect(() => canonicalJson({ exact })).toThrow(TypeError)
    expect(String(exact)).toBe('9007199254740993')
    expect(Object.entries(exact)).toEqual([])
  })
})
