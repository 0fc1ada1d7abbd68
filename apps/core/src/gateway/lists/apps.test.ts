import { describe, expect, it } from 'vitest'

import type { CatalogueEntry, CatalogueSnapshot } from '../../model/catalogue.ts'
import type { Profile } from '../../model/profile.ts'
import type { CatalogueItem, ServerRef } from '../../model/server.ts'
import { narrow } from '../../profile/narrow.ts'
import type { McpReply } from '../outcome.ts'
import {
  createTestMcp,
  modernMeta,
  snapshotOf,
  testItem,
  testPrincipal,
  testProfile,
  type TestMcp,
} from '../testing.ts'

const CAPABILITIES = {
  extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
}
const showingApps = {
  meta: { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': CAPABILITIES },
}
const toolFor = (name: string, ...visibility: readonly string[]): CatalogueItem =>
  testItem('tool', {
    name,
    inputSchema: { type: 'object', properties: { x: {}, fixed: {} } },
    _meta: { ui: { resourceUri: 'ui://panel', ...(visibility.length > 0 && { visibility }) } },
  })

const files = snapshotOf([
  toolFor('show'),
  toolFor('refresh', 'app'),
  toolFor('advise', 'model'),
  testItem('tool', { name: 'shared', inputSchema: {} }),
]).entries
const pages = snapshotOf([testItem('resource', { uri: 'ui://panel', name: 'Panel' })]).entries.map(
  (entry): CatalogueEntry => ({ ...entry, isUnlisted: true }),
)
const mail: ServerRef = { id: 'srv_2', slug: 'mail', labels: [], transport: 'stdio' }
const ofMail = (item: CatalogueItem): CatalogueEntry => ({
  server: mail,
  item: { ...item, serverId: mail.id, exposed: item.exposed.replace('files', 'mail') },
})
const mails = [
  ofMail(testItem('tool', { name: 'shared', inputSchema: {} })),
  ofMail(testItem('tool', { name: 'plain', inputSchema: {} })),
]

const { unprefixed: _unprefixed, ...prefixed } = testProfile
const profile: Profile = { ...prefixed, appCalls: true }

const open = (more: readonly CatalogueEntry[] = []): TestMcp => {
  const snapshot: CatalogueSnapshot = {
    ...snapshotOf([]),
    entries: [...files, ...pages, ...mails, ...more],
  }
  return createTestMcp({ catalogue: () => snapshot, narrow })
}
const bodyOf = ({ body }: McpReply) => JSON.parse(body?.toString() ?? '{}')
const namesIn = (reply: McpReply): string[] =>
  bodyOf(reply).result.tools.map(({ name }: { name: string }) => name)

describe('a tool that is for apps alone (MCP-140)', () => {
  it('is listed for clients that show apps, and for no others', async () => {
    const mcp = open()
    expect(namesIn(await mcp.ask('tools/list', {}, showingApps))).toContain('files__refresh')
    const plain = namesIn(await mcp.ask('tools/list'))
    expect(plain).not.toContain('files__refresh')
    expect(plain).toContain('files__show')
  })

  it('so too for older clients, by what they said when they began', async () => {
    for (const [capabilities, isListed] of [
      [CAPABILITIES, true],
      [{}, false],
    ] as const) {
      const mcp = open()
      const post = (method: string, params: object, sessionId?: string): Promise<McpReply> =>
        mcp.handle(
          {
            principal: testPrincipal,
            body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })),
            headers: sessionId === undefined ? {} : { 'mcp-session-id': sessionId },
            clientIp: '',
            viewer: () => undefined,
          },
          { notify: () => undefined },
          new AbortController().signal,
        )
      const hello = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'x' } }
      const { sessionId } = await post('initialize', hello)
      const names = namesIn(await post('tools/list', {}, sessionId))
      expect(names.includes('files__refresh')).toBe(isListed)
    }
  })
})

it('a call says whether its client shows apps, for its server to know (MCP-55)', async () => {
  const mcp = open()
  const params = { name: 'files__show', arguments: {} }
  await mcp.ask('tools/call', params, showingApps)
  await mcp.ask('tools/call', params)
  expect(mcp.calls.map((call) => call.showsApps)).toEqual([true, undefined])
})

describe('the page of an app (MCP-140)', () => {
  it('is read by the URI that its tool shows, whether or not resources list it (MCP-105)', async () => {
    const mcp = open()
    const { result } = bodyOf(await mcp.ask('tools/list'))
    const shown = result.tools.find(({ name }: { name: string }) => name === 'files__show')
    expect(shown._meta.ui).toEqual({ resourceUri: 'ui://files/panel' })
    await mcp.ask('resources/read', { uri: shown._meta.ui.resourceUri })
    expect(mcp.calls.map(({ action, name }) => [action, name])).toEqual([
      ['resource.read', 'ui://panel'],
    ])
    expect(bodyOf(await mcp.ask('resources/list')).result.resources).toEqual([])
  })

  it('is what makes Peta offer apps at all (MCP-28)', async () => {
    const extensionsOf = async (mcp: TestMcp): Promise<object> =>
      bodyOf(await mcp.ask('server/discover')).result.capabilities.extensions
    expect(await extensionsOf(open())).toHaveProperty(['io.modelcontextprotocol/ui'])
    expect(await extensionsOf(createTestMcp())).not.toHaveProperty(['io.modelcontextprotocol/ui'])
  })
})

describe('a tool called by its bare name (MCP-141)', () => {
  const call = async (mcp: TestMcp, name: string, at: Profile | undefined = profile) =>
    bodyOf(await mcp.ask('tools/call', { name, arguments: { x: 1 } }, at && { profile: at }))
  const unknown = async (mcp: TestMcp): Promise<unknown> => call(mcp, 'none__none')

  it('is the tool of the one server with an app that has it, and is flagged', async () => {
    const mcp = open()
    for (const name of ['show', 'refresh', 'shared', 'files__show']) await call(mcp, name)
    expect(mcp.calls.map(({ server, name, via }) => [server.slug, name, via])).toEqual([
      ['files', 'show', 'app'],
      ['files', 'refresh', 'app'],
      ['files', 'shared', 'app'],
      ['files', 'show', undefined],
    ])
  })

  it('is unknown where no profile lets apps do so (MCP-107)', async () => {
    const mcp = open()
    const plain = bodyOf(await mcp.ask('tools/call', { name: 'show', arguments: {} }))
    expect(plain).toEqual(await unknown(mcp))
    expect(await call(mcp, 'show', { ...profile, appCalls: false, revision: 9 })).toEqual(
      await unknown(mcp),
    )
    expect(mcp.calls).toEqual([])
  })

  it('is unknown when it is a tool for models, or of a server without an app (MCP-107)', async () => {
    const mcp = open()
    for (const name of ['advise', 'plain', 'none']) {
      expect(await call(mcp, name)).toEqual(await unknown(mcp))
    }
    expect(mcp.calls).toEqual([])
  })

  it('is unknown when two servers with an app have it', async () => {
    const panel = { ...ofMail(testItem('resource', { uri: 'ui://panel' })), isUnlisted: true }
    const mcp = open([panel])
    expect(await call(mcp, 'shared')).toEqual(await unknown(mcp))
    expect(mcp.calls).toEqual([])
  })

  it('is unknown when the rules hide it from its principal (MCP-107)', async () => {
    const snapshot = { ...snapshotOf([]), entries: [...files, ...pages] }
    const mcp = createTestMcp({
      catalogue: () => snapshot,
      narrow,
      isListed: (_principal, _server, { name }) => name !== 'show',
    })
    expect(await call(mcp, 'show')).toEqual(await unknown(mcp))
  })

  it('has the arguments that its profile fixes (MCP-110)', async () => {
    const mcp = open()
    const overrides = [{ tool: 'files/show', pinned: { fixed: 'yes' } }]
    await call(mcp, 'show', { ...profile, overrides, revision: 10 })
    expect(mcp.calls[0]?.args).toEqual({ fixed: 'yes', x: 1 })
  })
})
