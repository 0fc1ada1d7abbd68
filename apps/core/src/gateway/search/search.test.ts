import { describe, expect, it } from 'vitest'

import type { CatalogueSnapshot } from '../../model/catalogue.ts'
import type { Profile } from '../../model/profile.ts'
import { narrow } from '../../profile/narrow.ts'
import type { McpReply } from '../outcome.ts'
import { createOwnTools } from '../own-tools.ts'
import {
  allowed,
  createTestMcp,
  modernMeta,
  serverResult,
  snapshotOf,
  testItem,
  testPrincipal,
  testProfile,
  type AskOptions,
  type Script,
  type TestMcp,
} from '../testing.ts'
import { searchTools } from './search-tools.ts'

const { unprefixed: _unprefixed, ...prefixed } = testProfile
const profile: Profile = { ...prefixed, disclosure: 'search', favourites: ['files/sto*'] }

const annotated = {
  name: 'move',
  description: 'Moves a file',
  inputSchema: {
    type: 'object',
    properties: { to: { type: 'string', 'x-mcp-header': 'To' }, size: { type: 'number' } },
    required: ['to'],
  },
  big: 12345678901234567000,
}
const items = [
  {
    ...testItem('tool', annotated),
    definition: `${JSON.stringify(annotated).slice(0, -1)},"odd":1.0}`,
  },
  testItem('tool', { name: 'store', description: 'Stores a file', inputSchema: {} }),
  testItem('tool', { name: 'secret', description: 'A secret file', inputSchema: {} }),
  testItem('tool', { name: 'new', description: 'A new file' }, { state: 'quarantined' }),
  testItem('prompt', { name: 'greet' }),
]

const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5,"progress":1}}'

/** As the governed call does it, with the server's part scripted. */
const script: Script = async (call, outlet, signal) => {
  if (call.own) return { state: 'done', result: await call.own(signal) }
  outlet.notify(Buffer.from(PROGRESS))
  return serverResult({ content: [{ type: 'text', text: call.name }] })
}

function open(overrides: Parameters<typeof createTestMcp>[0] = {}) {
  const catalogue = (): CatalogueSnapshot => snapshotOf(items)
  const ownTools = createOwnTools(searchTools)
  const mcp = createTestMcp({ catalogue, narrow, ownTools, ...overrides }, script)
  const call = async (name: string, args: object, options: AskOptions = {}) =>
    bodyOf(await mcp.ask('tools/call', { name, arguments: args }, { profile, ...options }))
  return { mcp, call }
}

const bodyOf = ({ body }: McpReply) => JSON.parse(body?.toString() ?? '{}')

const listed = async (mcp: TestMcp, at: Profile | undefined): Promise<string[]> =>
  bodyOf(await mcp.ask('tools/list', {}, at && { profile: at })).result.tools.map(
    ({ name }: { name: string }) => name,
  )

describe('a profile that lets tools be searched for', () => {
  it('lists the tools for it and the favourites, and everything else as ever (MCP-145)', async () => {
    const { mcp } = open()
    expect(await listed(mcp, profile)).toEqual([
      'files__store',
      'peta__call_tool',
      'peta__describe_tool',
      'peta__search_tools',
    ])
    const prompts = await mcp.ask('prompts/list', {}, { profile })
    expect(bodyOf(prompts).result.prompts).toHaveLength(1)
  })

  it('has them to itself: no other endpoint lists or calls them', async () => {
    const { mcp, call } = open()
    for (const at of [undefined, { ...profile, disclosure: 'list' as const, revision: 2 }]) {
      expect(await listed(mcp, at)).toEqual(['files__move', 'files__store'])
      const reply = await mcp.ask(
        'tools/call',
        { name: 'peta__call_tool', arguments: { name: 'files__store' } },
        at && { profile: at },
      )
      const unknown = await call('none__none', {})
      expect(bodyOf(reply)).toEqual(unknown)
    }
  })

  it('lists the same before and after a search (MCP-27)', async () => {
    const { mcp, call } = open()
    const before = await listed(mcp, profile)
    await call('peta__search_tools', { query: 'move a file' })
    expect(await listed(mcp, profile)).toEqual(before)
  })
})

describe('a search', () => {
  it('finds what its principal could be listed, under the names to call it by (MCP-145)', async () => {
    const { call } = open()
    const { result } = await call('peta__search_tools', { query: 'file' })
    const names = result.structuredContent.tools.map(({ name }: { name: string }) => name)
    expect(names.toSorted()).toEqual(['files__move', 'files__store'])
    expect(result.content[0].text).toContain('files__move: Moves a file')
  })

  it('gives no more than it is asked for', async () => {
    const { result } = await open().call('peta__search_tools', { query: 'file', limit: 1 })
    expect(result.structuredContent.tools).toHaveLength(1)
  })

  it('finds nothing outside of its profile, nor what rules hide (MCP-145)', async () => {
    const narrower = { ...profile, tools: ['files/move'], favourites: [], revision: 3 }
    const { call } = open()
    const found = await call('peta__search_tools', { query: 'file' }, { profile: narrower })
    expect(JSON.stringify(found)).not.toContain('store')
    const hiding = open({ isListed: (_principal, _server, { name }) => name !== 'move' })
    expect(
      JSON.stringify(await hiding.call('peta__search_tools', { query: 'file' })),
    ).not.toContain('move')
  })
})

describe('a description', () => {
  it('is the definition as lists would show it, to the byte (MCP-81)', async () => {
    const { mcp, call } = open()
    const { result } = await call('peta__describe_tool', { name: 'files__move' })
    const list = await mcp.ask('tools/list', {}, {})
    expect(result.content[0].text).toContain('"odd":1.0')
    expect(list.body?.toString()).toContain(result.content[0].text)
  })

  it.each(['files__secret', 'files__new', 'none__none', 'peta__call_tool'])(
    'of %s is refused like a call of an unknown tool (MCP-107)',
    async (name) => {
      const { call } = open()
      expect(await call('peta__describe_tool', { name })).toEqual(await call('none__none', {}))
    },
  )
})

describe('a call through peta__call_tool', () => {
  it('is the call that it holds, and nothing of the outer one is left (MCP-146)', async () => {
    const { mcp, call } = open()
    const args = { to: 'x', size: 1 }
    const { result } = await call('peta__call_tool', { name: 'files__move', arguments: args })
    expect(result.content).toEqual([{ type: 'text', text: 'move' }])
    await call('files__move', args, { headers: { 'mcp-param-to': 'x' } })
    const [inner, direct] = mcp.calls
    expect({ ...inner, id: direct?.id }).toEqual(direct)
    expect(inner).not.toHaveProperty('own')
  })

  it('sends arguments as they were written (MCP-80)', async () => {
    const { mcp } = open()
    const raw = '{ "to":"a\\u0062",  "size":1.50e1 }'
    const send = (text: string): Promise<McpReply> =>
      mcp.handle(
        {
          principal: testPrincipal,
          profile,
          body: Buffer.from(text),
          headers: {
            'mcp-protocol-version': '2026-07-28',
            'mcp-method': 'tools/call',
            'mcp-name': 'peta__call_tool',
            accept: 'application/json, text/event-stream',
          },
          clientIp: '',
          viewer: () => undefined,
        },
        { notify: () => undefined },
        new AbortController().signal,
      )
    const meta = `{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"x":1.0}`
    await send(
      `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"arguments":{"arguments":${raw},"name":"files__move"},"more":[1.0],"_meta":${meta},"name":"peta__call_tool"}}`,
    )
    expect(mcp.calls[0]?.frame.bytes.toString()).toBe(
      `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"arguments":${raw},"more":[1.0],"_meta":${meta},"name":"files__move"}}`,
    )
    expect(mcp.calls[0]?.args).toEqual({ to: 'ab', size: 15 })
  })

  it.each(['files__secret', 'files__new', 'none__none', 'peta__search_tools', 'peta__call_tool'])(
    'of %s answers like a call of an unknown tool (MCP-107, MCP-146)',
    async (name) => {
      const { mcp, call } = open()
      const reply = await call('peta__call_tool', { name, arguments: {} })
      expect(reply).toEqual(await call('none__none', {}))
      expect(mcp.calls).toEqual([])
    },
  )

  it('checks the arguments against the schema of the inner tool (MCP-146)', async () => {
    const { mcp, call } = open()
    const reply = await call('peta__call_tool', { name: 'files__move', arguments: { to: 1 } })
    expect(reply.error.code).toBe(-32_602)
    expect(mcp.calls).toEqual([])
  })

  it('refuses a header that speaks of another argument than is sent (MCP-146)', async () => {
    const { call } = open()
    const reply = await call(
      'peta__call_tool',
      { name: 'files__move', arguments: { to: 'x' } },
      { headers: { 'mcp-param-to': 'y' } },
    )
    expect(reply.error.code).toBe(-32_020)
  })

  it('passes on what the inner call says before it ends', async () => {
    const notices: string[] = []
    const meta = { ...modernMeta, progressToken: 5 }
    const outlet = { notify: (frame: Buffer) => void notices.push(frame.toString()) }
    await open().call('peta__call_tool', { name: 'files__store' }, { outlet, meta })
    expect(notices).toEqual([PROGRESS])
  })

  it('goes on in later rounds as the call it was, and as no other (MCP-60, MCP-146)', async () => {
    const asked = { resultType: 'input_required', inputRequests: {}, requestState: 'of the server' }
    const mcp = createTestMcp(
      { catalogue: () => snapshotOf(items), narrow, ownTools: createOwnTools(searchTools) },
      async ({ round }) => serverResult(round ? { content: [] } : asked, 'modern'),
    )
    const send = async (name: string, requestState?: string) => {
      const params = { name: 'peta__call_tool', arguments: { name, arguments: { to: 'x' } } }
      const more = requestState === undefined ? {} : { requestState }
      return bodyOf(await mcp.ask('tools/call', { ...params, ...more }, { profile }))
    }
    const { result } = await send('files__move')
    expect((await send('files__store', result.requestState)).error.code).toBe(-32_602)
    expect((await send('files__move', result.requestState)).result.content).toEqual([])
    expect(mcp.calls.map(({ name, round }) => [name, round?.serverState])).toEqual([
      ['move', undefined],
      ['move', 'of the server'],
    ])
  })

  it('ends as a call of peta__call_tool where a rule denies that', async () => {
    const { mcp, call } = open({
      decide: (_principal, { server }) =>
        server.slug === 'peta' ? { ...allowed, effect: 'deny' } : allowed,
    })
    await call('peta__call_tool', { name: 'files__store' })
    expect(mcp.calls.map(({ server, name }) => [server.slug, name])).toEqual([
      ['peta', 'call_tool'],
    ])
  })
})
