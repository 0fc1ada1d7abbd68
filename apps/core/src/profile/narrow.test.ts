import { describe, expect, it } from 'vitest'

import type { CatalogueEntry, CatalogueSnapshot } from '../model/catalogue.ts'
import type { Profile } from '../model/profile.ts'
import type { CatalogueItem } from '../model/server.ts'
import { narrow } from './narrow.ts'
import { matchesPattern } from './pattern.ts'

const entry = (slug: string, name: string, over: Partial<CatalogueItem> = {}): CatalogueEntry => ({
  server: { id: `srv_${slug}`, slug, labels: [], transport: 'stdio' },
  item: {
    serverId: `srv_${slug}`,
    kind: 'tool',
    name,
    exposed: over.kind === 'resource' ? `peta.${slug}+${name}` : `${slug}__${name}`,
    definition: '{}',
    pin: `${slug} ${name}`,
    state: 'accepted',
    labels: [],
    risk: 0,
    ...over,
  },
})

const long = 'x'.repeat(90)
const snapshot: CatalogueSnapshot = {
  version: 7,
  degraded: ['files', 'mail'],
  entries: [
    entry('files', 'read'),
    entry('files', 'write'),
    entry('files', 'file:///a', { kind: 'resource' }),
    entry('mail', 'send'),
    entry('mail', 'files__read'),
    entry('mail', 'files__write', { state: 'quarantined' }),
    entry('mail', long, { exposed: 'mail__cut' }),
  ],
}

const profile = (over: Partial<Profile> = {}): Profile => ({
  workspaceId: 'ws_1',
  name: 'small',
  title: 'Small',
  servers: 'all',
  tools: 'all',
  disclosure: 'list',
  favourites: [],
  overrides: [],
  eras: 'any',
  appCalls: false,
  sse: false,
  revision: 1,
  ...over,
})

const names = (over: Partial<Profile>): readonly string[] =>
  narrow(snapshot, profile(over)).entries.map(({ item }) => item.exposed)

describe('a profile', () => {
  it('without a choice holds all that there is, as it is', () => {
    expect(narrow(snapshot, profile())).toEqual({ ...snapshot, clashes: [] })
  })

  it('hands on what it shows as it is, so that a page which lists leave out stays out (MCP-140, H10)', () => {
    const page = { ...entry('mail', 'ui://inbox', { kind: 'resource' }), isUnlisted: true }
    const offered = { ...snapshot, entries: [...snapshot.entries, page] }
    const { entries } = narrow(offered, profile({ unprefixed: 'files' }))
    expect(entries.at(-1)).toBe(page)
    const own = narrow(offered, profile({ unprefixed: 'mail' })).entries.at(-1)
    expect(own).toMatchObject({ item: { exposed: 'ui://inbox' }, isUnlisted: true })
  })

  it('holds its servers only, and says nothing of the health of others (MCP-110)', () => {
    expect(names({ servers: ['files'] })).toEqual([
      'files__read',
      'files__write',
      'peta.files+file:///a',
    ])
    expect(narrow(snapshot, profile({ servers: ['files'] })).degraded).toEqual(['files'])
  })

  it('holds the tools that a pattern allows, and what else its servers offer (MCP-110)', () => {
    expect(names({ tools: ['files/re*', 'mail/send'] })).toEqual([
      'files__read',
      'peta.files+file:///a',
      'mail__send',
    ])
    expect(names({ servers: ['mail'], tools: [] })).toEqual([])
  })

  it('shows an un-prefixed server by its own names, however long (MCP-111)', () => {
    const shown = names({ servers: ['mail'], unprefixed: 'mail' })
    expect(shown).toEqual(['send', 'files__read', 'files__write', long])
    expect(names({ servers: ['files'], unprefixed: 'files' })).toContain('file:///a')
  })

  it('gives a name that clashes to the un-prefixed server, and reports whose it was (MCP-111)', () => {
    const { entries, clashes } = narrow(snapshot, profile({ unprefixed: 'mail' }))
    const owners = entries.filter(({ item }) => item.exposed === 'files__read')
    expect(owners.map(({ server }) => server.slug)).toEqual(['mail'])
    expect(clashes).toEqual([{ kind: 'tool', name: 'files__read', server: 'files' }])
  })

  it('lets no entry that waits for review take a name', () => {
    const { entries } = narrow(snapshot, profile({ unprefixed: 'mail' }))
    const owners = entries.filter(({ item }) => item.exposed === 'files__write')
    expect(owners.map(({ server }) => server.slug)).toContain('files')
  })
})

describe('a pattern', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/bc', false],
    ['a/*', 'a/', true],
    ['a/*', 'a/b/c', true],
    ['a/*x*y', 'a/1x2xy', true],
    ['a/*x*y', 'a/1y', false],
    ['a/b*b', 'a/b', false],
    ['a/**', 'a/b', true],
    ['a/.*', 'a/b', false],
  ])('%s of %s: %s', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected)
  })
})
