import { describe, expect, it } from 'vitest'

import type { CatalogueEntry } from '../../model/catalogue.ts'
import type { Profile } from '../../model/profile.ts'
import { narrow } from '../../profile/narrow.ts'
import type { McpReply } from '../outcome.ts'
import { createOwnTools } from '../own-tools.ts'
import { searchTools } from '../search/search-tools.ts'
import { createTestMcp, snapshotOf, testItem, testProfile, type TestMcp } from '../testing.ts'

const { unprefixed: _unprefixed, ...prefixed } = testProfile
const profile: Profile = { ...prefixed, disclosure: 'search', appCalls: true }

const app = { ui: { resourceUri: 'ui://panel' } }
const entries: readonly CatalogueEntry[] = [
  ...snapshotOf([
    testItem('tool', { name: 'shown', inputSchema: {}, _meta: app }),
    testItem('tool', { name: 'hidden', description: 'canary', inputSchema: {}, _meta: app }),
    testItem('prompt', { name: 'hidden', description: 'canary' }),
  ]).entries,
  ...snapshotOf([testItem('resource', { uri: 'ui://panel', name: 'Panel' })]).entries,
]

const open = (): TestMcp =>
  createTestMcp(
    {
      catalogue: () => ({ ...snapshotOf([]), entries }),
      narrow,
      ownTools: createOwnTools(searchTools),
      isListed: (_principal, _server, { name }) => name !== 'hidden',
    },
    async (call, _outlet, signal) => {
      if (!call.own) throw new Error('reached a server')
      return { state: 'done', result: await call.own(signal) }
    },
  )

const read = ({ status, body }: McpReply) => ({ status, body: JSON.parse(body?.toString() ?? '') })

/** Ways to a tool by a name: the same request about a hidden one and about one that never was. */
const ways: Readonly<Record<string, (name: string) => readonly [method: string, params: object]>> =
  {
    'by its name': (name) => ['tools/call', { name: `files__${name}`, arguments: {} }],
    'by its bare name, as an app does': (name) => ['tools/call', { name, arguments: {} }],
    'through peta__call_tool': (name) => [
      'tools/call',
      { name: 'peta__call_tool', arguments: { name: `files__${name}` } },
    ],
    'through peta__call_tool by its bare name': (name) => [
      'tools/call',
      { name: 'peta__call_tool', arguments: { name } },
    ],
    'by its description': (name) => [
      'tools/call',
      { name: 'peta__describe_tool', arguments: { name: `files__${name}` } },
    ],
    'as a task': (name) => ['tools/call', { name: `files__${name}`, arguments: {}, task: {} }],
    'by a prompt of its name': (name) => ['prompts/get', { name: `files__${name}` }],
    'by completion': (name) => [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: `files__${name}` }, argument: { name: 'a', value: '' } },
    ],
  }

describe('a tool that rules hide answers like one that does not exist (MCP-107, A-37)', () => {
  it.each(Object.entries(ways))('%s', async (_, requestFor) => {
    const ask = async (name: string) => {
      const [method, params] = requestFor(name)
      return read(await open().ask(method, params, { profile }))
    }
    const hidden = await ask('hidden')
    expect(hidden).toEqual(await ask('absent'))
    expect(hidden.body.error.code).toBe(-32_602)
  })

  it('in a search, whatever is looked for', async () => {
    for (const query of ['hidden', 'canary', 'files hidden canary']) {
      const params = { name: 'peta__search_tools', arguments: { query } }
      const reply = await open().ask('tools/call', params, { profile })
      expect(reply.body?.toString()).not.toMatch(/hidden|canary/)
    }
  })

  it('in every list', async () => {
    for (const method of ['tools/list', 'prompts/list', 'resources/list']) {
      for (const at of [undefined, profile]) {
        const reply = await open().ask(method, {}, at && { profile: at })
        expect(reply.body?.toString()).not.toMatch(/hidden|canary/)
      }
    }
  })
})
