import fc from 'fast-check'
import { expect, it } from 'vitest'

import { normalizeUri } from '../protocol/uri.ts'
import { isUriPattern } from './uri-pattern.ts'

it.each(['file:///**', '**', '*', 'https://example.com/A/*', 'note:x', 'file:///a%2Fb', '**/.env'])(
  '%s may match a URI (POL-16)',
  (pattern) => {
    expect(isUriPattern(pattern)).toBe(true)
  },
)

it.each([
  'FILE:///a',
  'https://Example.com/**',
  'file:///%61/*',
  'file:///a%2fb',
  'file:///a/../b',
  'file:///a/.',
])('%s matches none (POL-16)', (pattern) => {
  expect(isUriPattern(pattern)).toBe(false)
})

// A deny whose pattern can never match is worse than no deny: its author believes in it.
it('takes a URI for a pattern exactly when calls are compared in that spelling (POL-16)', () => {
  const piece = fc.constantFrom('a', 'B', '/', '.', '..', '%2F', '%2f', '%41', '%7E', '?', '#', 'x')
  const base = fc.constantFrom('file:///', 'FILE:///', 'https://host/', 'https://Host/', 'note:')
  const seen = { yes: 0, no: 0 }
  fc.assert(
    fc.property(base, fc.array(piece, { maxLength: 6 }), (start, pieces) => {
      const uri = `${start}${pieces.join('')}`
      const normal = attempt(uri)
      const isSpelled = isUriPattern(uri)
      seen[isSpelled ? 'yes' : 'no'] += 1
      // What is refused everywhere needs no rule, so only spellings of what is accepted have to agree.
      const expected = normal === undefined ? isSpelled : normal === uri
      expect([uri, isSpelled]).toEqual([uri, expected])
    }),
    { numRuns: 2000 },
  )
  expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(200)
})

function attempt(uri: string): string | undefined {
  try {
    return normalizeUri(uri)
  } catch {
    return undefined
  }
}
