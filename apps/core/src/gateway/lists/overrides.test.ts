import { describe, expect, it } from 'vitest'

import type { Profile, ToolOverride } from '../../model/profile.ts'
import { narrow } from '../../profile/narrow.ts'
import type { McpReply } from '../outcome.ts'
import {
  createTestMcp,
  serverResult,
  snapshotOf,
  testItem,
  testPrincipal,
  testProfile,
  type TestMcp,
} from '../testing.ts'

const definition = `{ "x":1.0,"name":"pay","description":"Pays.","inputSchema":{"type":"object","properties":{ "account":{"type":"string","x-mcp-header":"Account"}, "sum":{"type":"number","big":12345678901234567890}},"required":["account","sum"],"additionalProperties":false},"outputSchema":{} }`
const pay = { ...testItem('tool', { name: 'pay' }), definition }

const { unprefixed: _unprefixed, ...prefixed } = testProfile
let revision = 1
const having = (override: Partial<ToolOverride>): Profile => ({
  ...prefixed,
  revision: (revision += 1),
  overrides: [{ tool: 'files/pay', pinned: {}, ...override }],
})
const fixed = having({ pinned: { account: 'A"1', 'note–': null } })

const open = (script?: Parameters<typeof createTestMcp>[1]): TestMcp =>
  createTestMcp({ catalogue: () => snapshotOf([pay]), narrow }, script)
const bodyOf = ({ body }: McpReply) => JSON.parse(body?.toString() ?? '{}')

const listed = async (override: Partial<ToolOverride>): Promise<string | undefined> => {
  const reply = await open().ask('tools/list', {}, { profile: having(override) })
  return reply.body?.toString()
}

describe('a tool that a profile shows differently (MCP-110)', () => {
  it('has its title and the end of its description, and else every byte of the server (MCP-81)', async () => {
    const shown = definition
      .replace('{ "x"', '{"title":"Send money", "x"')
      .replace('"pay"', '"files__pay"')
      .replace('"Pays."', '"Pays.\\n\\nIn euros."')
    expect(await listed({ title: 'Send money', suffix: 'In euros.' })).toContain(`[${shown}]`)
  })

  it('has a description where it had none', async () => {
    const item = testItem('tool', { name: 'pay', title: 'Old' })
    const mcp = createTestMcp({ catalogue: () => snapshotOf([item]), narrow })
    const profile = having({ title: 'New', suffix: 'In euros.' })
    const { result } = bodyOf(await mcp.ask('tools/list', {}, { profile }))
    expect(result.tools).toEqual([{ name: 'files__pay', title: 'New', description: 'In euros.' }])
  })

  it('shows no argument that is fixed, and does not ask for it', async () => {
    const shown = definition
      .replace('"pay"', '"files__pay"')
      .replace('"account":{"type":"string","x-mcp-header":"Account"},', '')
      .replace('["account","sum"]', '["sum"]')
    expect(await listed({ pinned: { account: 'A' } })).toContain(`[${shown}]`)
  })

  it('is shown so at that profile alone', async () => {
    const reply = await open().ask('tools/list')
    expect(reply.body?.toString()).toContain('"required":["account","sum"]')
  })
})

describe('a call with arguments that its profile fixes (MCP-110)', () => {
  const call = async (mcp: TestMcp, args: object | undefined, profile = fixed) =>
    bodyOf(
      await mcp.ask(
        'tools/call',
        { name: 'files__pay', ...(args && { arguments: args }) },
        { profile },
      ),
    )
  const open2 = (): TestMcp => open(async () => serverResult({ content: [] }))
  const only = having({ pinned: { account: 'A"1' } })

  it('is judged with them, and sent with the very bytes that were judged (MCP-80)', async () => {
    const mcp = open2()
    expect(await call(mcp, { sum: 5 }, only)).toHaveProperty('result')
    const [made] = mcp.calls
    expect(made?.args).toEqual({ account: 'A"1', sum: 5 })
    const { arguments: span = [0, 0] } = made?.frame.spans ?? {}
    expect(made?.frame.bytes.toString('utf8', ...span)).toBe('{"account":"A\\"1","sum":5}')
  })

  it('needs no arguments of its client', async () => {
    const mcp = open2()
    const profile = having({ pinned: { account: 'A', sum: 1 } })
    expect(await call(mcp, undefined, profile)).toHaveProperty('result')
    expect(await call(mcp, {}, profile)).toHaveProperty('result')
    expect(mcp.calls.map(({ args }) => args)).toEqual([
      { account: 'A', sum: 1 },
      { account: 'A', sum: 1 },
    ])
  })

  it.each([{ account: 'B' }, { account: 'A"1' }, { Account: 'B' }, { sum: 1, ACCOUNT: '' }])(
    'is refused when its client gives one itself, as in %j',
    async (args) => {
      const mcp = open2()
      expect((await call(mcp, args, only)).error.code).toBe(-32_602)
      expect(mcp.calls).toEqual([])
    },
  )

  it('is refused when its arguments are no object that could hold them', async () => {
    const mcp = open2()
    expect((await call(mcp, [], only)).error.code).toBe(-32_602)
    expect(mcp.calls).toEqual([])
  })

  it('is held against the whole schema of the server, fixed arguments too', async () => {
    const mcp = open2()
    const wrong = having({ pinned: { account: 5 } })
    for (const profile of [wrong, fixed]) {
      expect((await call(mcp, { sum: 1 }, profile)).error.code).toBe(-32_602)
    }
    expect(mcp.calls).toEqual([])
  })
})

describe('an endpoint', () => {
  const legacy = (mcp: TestMcp, method: string, profile: Profile): Promise<McpReply> =>
    mcp.handle(
      {
        principal: testPrincipal,
        profile,
        body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })),
        headers: {},
        clientIp: '',
        viewer: () => undefined,
      },
      { notify: () => undefined },
      new AbortController().signal,
    )

  it('for modern clients alone knows no handshake, and names what it knows (MCP-110)', async () => {
    const profile: Profile = { ...prefixed, eras: 'modern' }
    const mcp = open()
    const reply = await legacy(mcp, 'initialize', profile)
    expect(reply.status).toBe(404)
    expect(bodyOf(reply).error).toMatchObject({
      code: -32_601,
      data: { supported: ['2026-07-28'] },
    })
    expect((await mcp.ask('tools/list', {}, { profile })).status).toBe(200)
  })

  it('for older clients alone answers modern ones as an old server does (MCP-110)', async () => {
    const profile: Profile = { ...prefixed, eras: 'legacy' }
    const mcp = open()
    const reply = await mcp.ask('server/discover', {}, { profile })
    expect(reply.status).toBe(400)
    expect(bodyOf(reply).error.code).toBe(-32_600)
    expect((await legacy(mcp, 'initialize', profile)).status).toBe(200)
  })

  it('takes as many calls of an agent at once as its profile says, and others elsewhere (MCP-110)', async () => {
    const profile: Profile = { ...prefixed, callsMax: 1 }
    const { promise, resolve } = Promise.withResolvers<void>()
    const mcp = open(async () => {
      await promise
      return serverResult({ content: [] })
    })
    const params = { name: 'files__pay', arguments: { account: 'A', sum: 1 } }
    const options = { headers: { 'mcp-param-account': 'A' } }
    const running = mcp.ask('tools/call', params, { ...options, profile })
    expect((await mcp.ask('tools/call', params, { ...options, profile })).status).toBe(429)
    const elsewhere = mcp.ask('tools/call', params, options)
    resolve()
    expect((await running).status).toBe(200)
    expect((await elsewhere).status).toBe(200)
    expect((await mcp.ask('tools/call', params, { ...options, profile })).status).toBe(200)
  })
})
