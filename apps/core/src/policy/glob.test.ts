import fc from 'fast-check'
import { expect, it } from 'vitest'

import { compileGlob } from './glob.ts'

const matches = (pattern: string, text: string): boolean => compileGlob(pattern).matches(text)

it.each([
  ['create_*', 'create_payout', true],
  ['create_*', 'create_', true],
  ['create_*', 'Create_payout', false],
  ['create_*', 'create_a/b', false],
  ['file:///a/*', 'file:///a/b', true],
  ['file:///a/*', 'file:///a/b/c', false],
  ['file:///a/**', 'file:///a/b/c', true],
  ['*/x', 'a/x', true],
  ['**/x', 'a/b/x', true],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'a1c2b', false],
  ['**', '', true],
  ['a.c', 'abc', false],
  ['[ab]?', '[ab]?', true],
  ['[ab]?', 'a', false],
])('%s against %s is %s (POL-2)', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected)
})

it('agrees with the regular expression that says the same (POL-2)', () => {
  const letters = fc.constantFrom('a', 'b', '/', '.', '*', '**')
  const anyPattern = fc.array(letters, { maxLength: 8 }).map((parts) => parts.join(''))
  const anyText = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 10 })
  const asRegExp = (pattern: string): RegExp =>
    new RegExp(
      `^${pattern
        .split(/(\*+)/)
        .map((part) => {
          if (part.startsWith('*')) return part.length === 1 ? '[^/]*' : '[^]*'
          return part.replaceAll('.', '\\.')
        })
        .join('')}$`,
    )
  const property = fc.property(anyPattern, anyText, (pattern, text) => {
    expect(matches(pattern, text)).toBe(asRegExp(pattern).test(text))
  })
  fc.assert(property, { numRuns: 5000 })
  expect.hasAssertions()
})

it('takes a pattern that makes backtracking explode', () => {
  expect(matches(`${'*a'.repeat(60)}b`, 'a'.repeat(5000))).toBe(false)
})
