import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { CatalogueEntry } from '../../model/catalogue.ts'
import { snapshotOf, testItem } from '../testing.ts'
import { rankTools } from './rank-tools.ts'

const toolsOf = (
  ...definitions: readonly Readonly<{ name: string; [member: string]: unknown }>[]
): readonly CatalogueEntry[] =>
  snapshotOf(definitions.map((definition) => testItem('tool', definition))).entries

const ranked = (tools: readonly CatalogueEntry[], query: string): readonly string[] =>
  rankTools(tools, query).map(({ item }) => item.name)

const tools = toolsOf(
  { name: 'create_issue', description: 'Opens a new ticket in a repository.' },
  { name: 'listRepositories', description: 'All repositories of an organisation.' },
  { name: 'search', title: 'Search code', inputSchema: { properties: { regexp: {} } } },
  { name: 'weather', description: 'Wie warm es in München ist.' },
)

describe('a search of tools (MCP-147)', () => {
  it.each([
    ['issue', ['create_issue']],
    ['ISSUES', ['create_issue']],
    ['new ticket', ['create_issue']],
    ['repo', ['listRepositories']],
    ['list of repositories', ['listRepositories', 'create_issue']],
    ['code', ['search']],
    ['regexp', ['search']],
    ['münchen', ['weather']],
    ['invoice', []],
    ['---', []],
  ])('finds for "%s": %j', (query, expected) => {
    expect(ranked(tools, query)).toEqual(expected)
  })

  it('finds the tools of a server by its alias', () => {
    expect(ranked(tools, 'files')).toHaveLength(tools.length)
  })

  const word = fc.constantFrom('mail', 'send', 'read', 'file', 'issue', 'pay', 'note', 'list')
  const text = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(' '))

  it('gives the same answer to the same question, whatever else was asked', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), text, text, (descriptions, query, other) => {
        const some = toolsOf(
          ...descriptions.map((description, at) => ({ name: `t${at}`, description })),
        )
        const before = ranked(some, query)
        ranked(some, other)
        expect(ranked(some, query)).toEqual(before)
        expect(ranked(some, `${query} ${query}`)).toEqual(before)
      }),
    )
  })

  it('ranks no description higher for saying a word again', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 2, max: 50 }), (description, query, times) => {
        const once = toolsOf({ name: 'a', description }, { name: 'b', description })
        const again = toolsOf(
          { name: 'a', description },
          { name: 'b', description: `${description} `.repeat(times) },
        )
        expect(ranked(again, query)).toEqual(ranked(once, query))
      }),
    )
  })

  it('ranks a tool that is called so before any whose description says so', () => {
    fc.assert(
      fc.property(word, text, (name, description) => {
        const some = toolsOf({ name: 'z', description: `${name} ${description}` }, { name })
        expect(ranked(some, name)[0]).toBe(name)
      }),
    )
  })

  it('reads nothing but what was reviewed, and whatever that is', () => {
    const odd = toolsOf({ name: 'a', title: 7, description: [], inputSchema: { properties: 1 } })
    expect(ranked(odd, 'a')).toEqual(['a'])
  })
})
