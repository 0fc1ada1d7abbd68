import fc from 'fast-check'
import { expect, it } from 'vitest'

import { normalizeUri } from './uri.ts'

it.each([
  ['FILE:///a/B', 'file:///a/B'],
  ['https://EXAMPLE.com/A', 'https://example.com/A'],
  ['file:///%7euser/%41', 'file:///~user/A'],
  ['file:///a%2fb', 'file:///a%2Fb'],
  ['note:x', 'note:x'],
  ['demo://a/b?q=../x#f', 'demo://a/b?q=../x#f'],
  ['file:///a...b/..c', 'file:///a...b/..c'],
])('spells %s as %s (POL-16)', (uri, normal) => {
  expect(normalizeUri(uri)).toBe(normal)
})

it.each([
  'file:///a/../b',
  'file:///a/..',
  'file:///./a',
  'demo://../a',
  'file:///a/%2e%2e/b',
  'file:///a/%2E./b',
  'file:///a%2f..%2fb',
  'file:///a/%252e%252e/b',
  'file:///a%252f%252e%252e%252fb',
  'file:///a\\b',
  'file:///a%5cb',
  'file:///a%255cb',
  'file:///a%00',
  'file:///a b',
  'file:///a\u200bb',
  'file:///%ff',
  'file:///%zz',
  'no-scheme',
  '//host/path',
  '',
  `file:///${'a'.repeat(9000)}`,
])('refuses the detour of %j (POL-16)', (uri) => {
  expect(() => normalizeUri(uri)).toThrow('params_invalid')
})

it('gives the same for its own answer (POL-16)', () => {
  const segment = fc.string().map((text) => encodeURIComponent(text.toWellFormed()))
  const scheme = fc.constantFrom('HTTP://Example.com', 'file://', 'note:x')
  fc.assert(
    fc.property(scheme, fc.array(segment), (base, segments) => {
      const uri = `${base}/${segments.join('/')}`
      const normal = attempt(uri)
      fc.pre(normal !== undefined)
      expect(attempt(normal ?? '')).toBe(normal)
    }),
  )
})

function attempt(uri: string): string | undefined {
  try {
    return normalizeUri(uri)
  } catch {
    return undefined
  }
}
