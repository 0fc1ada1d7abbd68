import { describe, expect, it } from 'vitest'

import type { CatalogueEntry, CatalogueSnapshot } from '../../model/catalogue.ts'
import type { Profile } from '../../model/profile.ts'
import type { CatalogueItem } from '../../model/server.ts'
import { narrow } from '../../profile/narrow.ts'
import type { McpReply } from '../outcome.ts'
import {
  createTestMcp,
  serverResult,
  snapshotOf,
  testItem,
  testPrincipal,
  testProfile,
  type Script,
  type TestMcp,
} from '../testing.ts'

const long = 'x'.repeat(90)
const files = [
  testItem('tool', { name: 'read', inputSchema: { type: 'object' } }),
  testItem('tool', { name: long, inputSchema: { type: 'object' } }),
  testItem('tool', { name: 'mail__send', inputSchema: { type: 'object' } }),
  testItem('prompt', { name: 'greet' }),
  testItem('resource', { uri: 'note:///one', name: 'One' }),
  testItem('resource_template', { uriTemplate: 'note:///{name}', name: 'Any note' }),
]

const mail = { id: 'srv_2', slug: 'mail', labels: [], transport: 'stdio' } as const
const ofMail = (item: CatalogueItem, exposed: string): CatalogueEntry => ({
  server: mail,
  item: { ...item, serverId: mail.id, exposed },
})
const mails = [
  ofMail(testItem('tool', { name: 'send', inputSchema: {} }), 'mail__send'),
  ofMail(testItem('tool', { name: 'list', inputSchema: {} }), 'mail__list'),
  ofMail(
    testItem('resource_template', { uriTemplate: 'note:///{name}', name: 'Any' }),
    'peta.mail+note:///{name}',
  ),
]

const catalogue = (): CatalogueSnapshot => snapshot
const snapshot = { ...snapshotOf(files), entries: [...snapshotOf(files).entries, ...mails] }

const profile = (over: Partial<Profile> = {}): Profile => ({ ...testProfile, ...over })
const bare = profile()
const { unprefixed: _unprefixed, ...prefixed } = testProfile
const onlyMail: Profile = { ...prefixed, name: 'mail', servers: ['mail'] }

const open = (script?: Script): TestMcp => createTestMcp({ catalogue, narrow }, script)
const bodyOf = ({ body }: McpReply) => JSON.parse(body?.toString() ?? '{}')
const listed = async (mcp: TestMcp, chosen?: Profile): Promise<string[]> =>
  bodyOf(await mcp.ask('tools/list', {}, chosen && { profile: chosen })).result.tools.map(
    ({ name }: { name: string }) => name,
  )

describe('a profile narrows', () => {
  it('lists, and what discover offers, to what it holds (MCP-110)', async () => {
    const mcp = open()
    expect(await listed(mcp, onlyMail)).toEqual(['mail__list', 'mail__send'])
    expect(await listed(mcp)).toHaveLength(5)
    const offered = bodyOf(await mcp.ask('server/discover', {}, { profile: onlyMail })).result
    expect(offered.capabilities).not.toHaveProperty('prompts')
  })

  it('calls: a name outside of it answers as an unknown one (MCP-107, MCP-110)', async () => {
    const mcp = open()
    const call = async (method: string, params: object, chosen: Profile | undefined) => {
      const reply = await mcp.ask(method, params, chosen && { profile: chosen })
      return { ...reply, body: bodyOf(reply) }
    }
    const unknown = await call('tools/call', { name: 'none__none' }, undefined)
    expect(unknown.body.error.code).toBe(-32_602)
    expect(await call('tools/call', { name: 'files__read' }, onlyMail)).toEqual(unknown)
    const none = profile({ name: 'none', servers: ['mail'], tools: [] })
    expect(await call('tools/call', { name: 'mail__send' }, none)).toEqual(unknown)
    for (const [method, params] of [
      ['prompts/get', { name: 'files__greet' }],
      ['resources/read', { uri: 'peta.files+note:///one' }],
      ['completion/complete', { ref: { type: 'ref/prompt', name: 'files__greet' } }],
    ] as const) {
      expect((await call(method, params, onlyMail)).body.error.code).toBe(-32_602)
    }
    expect(mcp.calls).toEqual([])
  })

  it('and never grants: what policy hides stays hidden, by any name (MCP-110)', async () => {
    const mcp = createTestMcp({ catalogue, narrow, isListed: () => false })
    expect(await listed(mcp, bare)).toEqual([])
    const reply = await mcp.ask('tools/call', { name: 'read' }, { profile: bare })
    expect(bodyOf(reply).error.code).toBe(-32_602)
    expect(mcp.calls).toEqual([])
  })

  it('takes effect with its next request when it is changed', async () => {
    const mcp = open()
    expect(await listed(mcp, onlyMail)).toHaveLength(2)
    const changed = { ...onlyMail, tools: ['mail/list'], revision: 2 }
    expect(await listed(mcp, changed)).toEqual(['mail__list'])
  })
})

describe('the un-prefixed server of a profile', () => {
  it('is listed by its own names and URIs, and wins a clash (MCP-111)', async () => {
    const mcp = open()
    expect(await listed(mcp, bare)).toEqual(['mail__send', 'read', long, 'mail__list'])
    const reply = await mcp.ask('resources/list', {}, { profile: bare })
    expect(bodyOf(reply).result.resources).toMatchObject([{ uri: 'note:///one' }])
  })

  it('is called by them; policy still sees the real server and tool (MCP-110, MCP-111)', async () => {
    const mcp = open()
    for (const name of [long, 'mail__send']) {
      await mcp.ask('tools/call', { name }, { profile: bare })
    }
    await mcp.ask('tools/call', { name: 'mail__list' }, { profile: bare })
    expect(mcp.calls.map(({ server, name }) => [server.slug, name])).toEqual([
      ['files', long],
      ['files', 'mail__send'],
      ['mail', 'list'],
    ])
  })

  it('has no other names there', async () => {
    const mcp = open()
    const tool = await mcp.ask('tools/call', { name: 'files__read' }, { profile: bare })
    const uri = 'peta.files+note:///two'
    const read = await mcp.ask('resources/read', { uri }, { profile: bare })
    for (const reply of [tool, read]) expect(bodyOf(reply).error.code).toBe(-32_602)
  })

  it('answers with its own URIs, where another server has prefixed ones (MCP-105, MCP-111)', async () => {
    const contents = [{ uri: 'note:///two', text: 'x' }]
    const mcp = open(async () => serverResult({ contents }))
    const read = async (uri: string): Promise<unknown> =>
      bodyOf(await mcp.ask('resources/read', { uri }, { profile: bare })).result.contents
    expect(await read('note:///two')).toMatchObject([{ uri: 'note:///two' }])
    expect(await read('peta.mail+note:///two')).toMatchObject([{ uri: 'peta.mail+note:///two' }])
    expect(mcp.calls.map(({ server, name }) => [server.slug, name])).toEqual([
      ['files', 'note:///two'],
      ['mail', 'note:///two'],
    ])
  })

  it('keeps the URI of a tool\u2019s app as it is', async () => {
    const definition = '{"name":"app","inputSchema":{},"_meta":{"ui":{"resourceUri":"ui://panel"}}}'
    const item = { ...testItem('tool', { name: 'app' }), definition }
    const mcp = createTestMcp({ catalogue: () => snapshotOf([item]), narrow })
    const reply = await mcp.ask('tools/list', {}, { profile: bare })
    expect(reply.body?.toString()).toContain(definition)
  })
})

describe('a URI that begins with the prefix of a server', () => {
  const anything = testItem('resource_template', { uriTemplate: '{+any}', name: 'Anything' })
  const entries = [...snapshotOf([anything]).entries, ...mails]
  const greedy = (): TestMcp =>
    createTestMcp({ catalogue: () => ({ ...snapshot, entries }), narrow })

  it('is read from no other one that would take any URI (MCP-105)', async () => {
    const mcp = greedy()
    for (const uri of ['peta.hidden+note:///x', 'peta.mail+other:x']) {
      expect(bodyOf(await mcp.ask('resources/read', { uri })).error.code).toBe(-32_602)
    }
    expect(mcp.calls).toEqual([])
  })

  it('is read from that one, even where the un-prefixed one would take any URI (MCP-105, MCP-111)', async () => {
    const mcp = greedy()
    for (const uri of ['peta.mail+note:///x', 'other:x']) {
      await mcp.ask('resources/read', { uri }, { profile: bare })
    }
    expect(mcp.calls.map(({ server, name }) => [server.slug, name])).toEqual([
      ['mail', 'note:///x'],
      ['files', 'other:x'],
    ])
  })
})

describe('what a profile gave out is refused at another', () => {
  it('a cursor of a list (MCP-117)', async () => {
    const many = snapshotOf(
      Array.from({ length: 150 }, (_, at) =>
        testItem('tool', { name: `t${at}`, inputSchema: { type: 'object' } }),
      ),
    )
    const mcp = createTestMcp({ catalogue: () => many })
    const first = await mcp.ask('tools/list', {}, { profile: bare })
    const cursor: string = bodyOf(first).result.nextCursor
    const codeAt = async (chosen?: Profile): Promise<unknown> =>
      bodyOf(await mcp.ask('tools/list', { cursor }, chosen && { profile: chosen })).error?.code
    expect(await codeAt(bare)).toBeUndefined()
    for (const other of [undefined, onlyMail, profile({ revision: 2 })]) {
      expect(await codeAt(other)).toBe(-32_602)
    }
  })

  it('a session, as if it were unknown, and it goes on at its own (MCP-31)', async () => {
    const mcp = open()
    const send = (method: string, chosen: Profile | undefined, session?: string) =>
      mcp.handle(
        {
          principal: testPrincipal,
          ...(chosen && { profile: chosen }),
          body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })),
          headers: session === undefined ? {} : { 'mcp-session-id': session },
          clientIp: '',
          viewer: () => undefined,
        },
        { notify: () => undefined },
        new AbortController().signal,
      )
    const { sessionId = '' } = await send('initialize', bare)
    const unknown = await send('ping', bare, 'made-up')
    for (const other of [undefined, onlyMail]) {
      expect(await send('ping', other, sessionId)).toEqual(unknown)
      const caller = { principal: testPrincipal, ...(other && { profile: other }) }
      expect(mcp.endSession(caller, { 'mcp-session-id': sessionId }).status).toBe(404)
    }
    expect((await send('ping', bare, sessionId)).status).toBe(200)
  })
})
