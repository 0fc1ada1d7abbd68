import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  byAliasAndName,
  compareCodePoints,
  exposedName,
  exposedUri,
  isAlias,
  type Named,
  originalUri,
} from './names.ts'

const free = (): boolean => false
const named = (name: string, alias = 'files', serverId = 'srv_1'): Named => ({
  alias,
  serverId,
  name,
})

const alias = fc.stringMatching(/^[a-z][a-z0-9-]{0,19}$/).filter(isAlias)

/** Assigns as the catalogue does: sorted, each name at most once. */
function assign(all: readonly Named[]): Map<string, Named> {
  const given = new Map<string, Named>()
  for (const one of all.toSorted(byAliasAndName)) {
    given.set(
      exposedName(one, (exposed) => given.has(exposed)),
      one,
    )
  }
  return given
}

describe('names of tools', () => {
  it('keeps a plain short name behind its alias (MCP-101)', () => {
    expect(exposedName(named('read_file'), free)).toBe('files__read_file')
  })

  it.each(['read file', 'read.file', 'läs', '', 'x'.repeat(60)])(
    'marks any change beyond the prefix with a digest: %j (MCP-101)',
    (name) => {
      const exposed = exposedName(named(name), free)
      expect(exposed).toMatch(/^files__[A-Za-z0-9_-]*_[a-z2-7]{8}$/)
      expect(exposed.length).toBeLessThanOrEqual(64)
    },
  )

  it('gives different tools different names, in any start order (MCP-101, MCP-102)', () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('a', 'a b', 'a.b', 'a_b', 'x'.repeat(70), `${'x'.repeat(70)}y`),
    )
    const tool = fc.record({ alias, serverId: fc.constantFrom('srv_1', 'srv_2'), name })
    const tools = fc.uniqueArray(tool, {
      selector: (one) => `${one.alias} ${one.name}`,
      maxLength: 30,
    })
    fc.assert(
      fc.property(tools, (all) => {
        const given = assign(all)
        expect(given.size).toBe(all.length)
        expect([...assign(all.toReversed()).keys()]).toEqual([...given.keys()])
        for (const exposed of given.keys()) expect(exposed).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      }),
    )
  })

  it('lengthens the digest when a name is taken (MCP-102)', () => {
    const short = exposedName(named('a b'), free)
    expect(exposedName(named('a b'), (exposed) => exposed === short)).toMatch(/_[a-z2-7]{12}$/)
  })

  it('reserves the alias of its own tools and takes only slugs (MCP-100, MCP-103)', () => {
    for (const text of ['peta', 'Files', '9a', 'a_b', 'a'.repeat(21), ''])
      expect(isAlias(text)).toBe(false)
    expect(isAlias('files-2')).toBe(true)
  })

  it('orders by code point (MCP-108)', () => {
    expect(['\u{1f600}', '\uffee', 'a'].toSorted(compareCodePoints)).toEqual([
      'a',
      '\uffee',
      '\u{1f600}',
    ])
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const byBytes = Buffer.compare(Buffer.from(a), Buffer.from(b))
        expect(Math.sign(compareCodePoints(a, b))).toBe(byBytes)
      }),
    )
  })
})

describe('URIs of resources', () => {
  it.each([
    ['file:///a/b?c#d', 'peta.files+file:///a/b?c#d'],
    ['mailto:x', 'peta.files+mailto:x'],
    ['note:///{name}{?q}', 'peta.files+note:///{name}{?q}'],
    ['ui://panel/main', 'ui://files/panel/main'],
    ['skill://pdf', 'skill://files/pdf'],
  ])('shows %s as %s (MCP-104)', (uri, exposed) => {
    expect(exposedUri('files', uri)).toBe(exposed)
    expect(originalUri(exposed)).toEqual({ alias: 'files', uri })
  })

  it('is reversible by its prefix alone (MCP-104)', () => {
    const uri = fc
      .tuple(fc.stringMatching(/^[a-z][a-z0-9+.-]{0,8}$/), fc.string())
      .map(([scheme, rest]) => `${scheme}:${rest}`)
    fc.assert(
      fc.property(alias, uri, (slug, original) => {
        expect(originalUri(exposedUri(slug, original))).toEqual({ alias: slug, uri: original })
      }),
    )
  })
})
