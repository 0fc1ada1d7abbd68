import { describe, expect, it } from 'vitest'

import type { CatalogueItem } from '../../model/server.ts'
import { narrow } from '../../profile/narrow.ts'
import type { McpReply } from '../outcome.ts'
import {
  createTestMcp,
  snapshotOf,
  testItem,
  testPrincipal,
  testProfile,
  type TestMcp,
} from '../testing.ts'

const digest = `sha256:${'a'.repeat(64)}`
const file = (uri: string, size = 5) => ({ uri, digest, size })
const manifest = (name: string, ...paths: readonly string[]): Record<string, unknown> => ({
  uri: `skill://${name}/SKILL.md`,
  frontmatter: { name, description: 'Does it', 'x-odd': 1 },
  resources: ['SKILL.md', ...paths].map((path) => file(`skill://${name}/${path}`)),
})
const skill = (definition: Record<string, unknown>, over: Partial<CatalogueItem> = {}) => ({
  ...testItem('skill', definition),
  exposed: String(definition['uri']).replace('skill://', 'skill://files/'),
  ...over,
})

const review = manifest('review', 'docs/a.md', 'docs/deep/b.md', 'x.py')
const items = [
  skill(review),
  skill(manifest('secret'), { state: 'quarantined' }),
  testItem('resource', { uri: 'skill://loose/file.md', name: 'Loose' }),
]
const open = (over: Parameters<typeof createTestMcp>[0] = {}): TestMcp =>
  createTestMcp({ catalogue: () => snapshotOf(items), narrow, ...over })
const bodyOf = ({ body }: McpReply) => JSON.parse(body?.toString() ?? '{}')
const ask = async (mcp: TestMcp, method: string, uri?: unknown) =>
  bodyOf(await mcp.ask(method, uri === undefined ? {} : { uri }))

const exposed = {
  ...review,
  uri: 'skill://files/review/SKILL.md',
  resources: ['SKILL.md', 'docs/a.md', 'docs/deep/b.md', 'x.py'].map((path) =>
    file(`skill://files/review/${path}`),
  ),
}

describe('skills (MCP-142)', () => {
  it('are listed as accepted, with nothing rewritten but URIs (MCP-105)', async () => {
    const { result } = await ask(open(), 'skills/list')
    expect(result.skills).toEqual([exposed])
    expect(result).toMatchObject({ resultType: 'complete', cacheScope: 'private', ttlMs: 0 })
  })

  it('are each there to get by their URI, and no others are (MCP-107)', async () => {
    const mcp = open()
    const got = await ask(mcp, 'skills/get', 'skill://files/review/SKILL.md')
    expect(got.result).toMatchObject({ skill: exposed, resultType: 'complete', ttlMs: 0 })
    for (const uri of ['skill://files/secret/SKILL.md', 'skill://review/SKILL.md', 5, undefined]) {
      expect((await ask(mcp, 'skills/get', uri)).error.code).toBe(-32_602)
    }
    expect(mcp.calls).toEqual([])
  })

  it('are hidden where the rules let nobody read them (POL-36)', async () => {
    const mcp = open({ isListed: () => false })
    expect((await ask(mcp, 'skills/list')).result.skills).toEqual([])
    const got = await ask(mcp, 'skills/get', 'skill://files/review/SKILL.md')
    expect(got.error.code).toBe(-32_602)
    const read = await ask(mcp, 'resources/read', 'skill://files/review/x.py')
    expect(read.error.code).toBe(-32_602)
  })

  it('are what makes Peta offer them, with their directories (MCP-28)', async () => {
    const { result } = await ask(open(), 'server/discover')
    expect(result.capabilities).toMatchObject({
      resources: {},
      extensions: { 'io.modelcontextprotocol/skills': { directoryRead: true } },
    })
  })

  it('go by their own URIs where their server is un-prefixed (MCP-111)', async () => {
    const reply = await open().ask('skills/list', {}, { profile: testProfile })
    expect(bodyOf(reply).result.skills).toEqual([review])
  })

  it('are there for older clients too', async () => {
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
    const { sessionId } = await post('initialize', {})
    const { result } = bodyOf(await post('skills/get', { uri: exposed.uri }, sessionId))
    expect(result).toEqual({ skill: exposed })
  })
})

describe('a directory of a skill (MCP-142)', () => {
  const childrenOf = async (uri: string) =>
    (await ask(open(), 'resources/directory/read', uri)).result

  it('has its files and directories, by the accepted manifest and without asking its server', async () => {
    const root = 'skill://files/review'
    const directory = (path: string, name: string) => ({
      uri: `${root}/${path}`,
      name,
      mimeType: 'inode/directory',
    })
    for (const uri of [root, `${root}/`]) {
      expect((await childrenOf(uri)).resources).toEqual([
        { uri: `${root}/SKILL.md`, name: 'SKILL.md', size: 5 },
        directory('docs', 'docs'),
        { uri: `${root}/x.py`, name: 'x.py', size: 5 },
      ])
    }
    expect((await childrenOf(`${root}/docs`)).resources).toEqual([
      { uri: `${root}/docs/a.md`, name: 'a.md', size: 5 },
      directory('docs/deep', 'deep'),
    ])
  })

  it.each([
    'skill://files',
    'skill://',
    'skill://files/review/x.py',
    'skill://files/review/none',
    'skill://files/secret',
    'skill://files/rev',
    'file:///etc',
  ])('is not %s', async (uri) => {
    expect((await ask(open(), 'resources/directory/read', uri)).error.code).toBe(-32_602)
  })
})

describe('a file of a skill (MCP-142)', () => {
  it('is read as what the accepted manifest names, and is judged by its own URI', async () => {
    const mcp = open()
    await ask(mcp, 'resources/read', 'skill://files/review/docs/a.md')
    expect(mcp.calls).toMatchObject([
      {
        action: 'resource.read',
        name: 'skill://review/docs/a.md',
        uri: 'skill://review/docs/a.md',
        item: { kind: 'skill', name: 'skill://review/SKILL.md' },
      },
    ])
  })

  it('is unknown where no accepted manifest names it', async () => {
    const mcp = open()
    for (const uri of ['skill://files/review/other.md', 'skill://files/secret/SKILL.md']) {
      expect((await ask(mcp, 'resources/read', uri)).error.code).toBe(-32_602)
    }
    expect(mcp.calls).toEqual([])
  })
})
