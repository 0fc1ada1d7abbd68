import { describe, expect, it } from 'vitest'

import type { Call } from '../model/call.ts'
import type { Decision } from '../model/decision.ts'
import type { Profile } from '../model/profile.ts'
import { narrow } from '../profile/narrow.ts'
import { createGovernedCall, type CallStages, type Intent } from './governed-call.ts'
import type { McpReply } from './outcome.ts'
import { createOwnTools, type OwnTool } from './own-tools.ts'
import {
  allowed,
  createTestMcp,
  snapshotOf,
  testItem,
  testPrincipal,
  testProfile,
  type TestMcp,
} from './testing.ts'

const hello: OwnTool = {
  name: 'search_tools',
  title: 'Hello',
  description: 'Says hello',
  inputSchema: { type: 'object', properties: { to: { type: 'string' } }, required: ['to'] },
  isOffered: (profile) => profile?.name !== 'without',
  answer: async ({ principal, args }) => ({
    text: `${principal.agent.name} says hello`,
    structured: { args },
  }),
}

const never = () => Promise.reject(new Error('reached a stage of servers'))

/** The governed call itself, over stages that nothing of a server may reach. */
function open(decision: Decision = allowed) {
  const recorded: Intent[] = []
  const stages: CallStages = {
    decide: () => decision,
    record(intent, work) {
      recorded.push(intent)
      return work()
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the stage makes it
    clear: async ({ principal, call }) => ({ purpose: 'call', principal, call }) as never,
    spend: () => undefined,
    settle: (_clearance, work) => work(),
    keptFor: () => undefined,
    inject: never,
    run: never,
    redact: { result: (_armed, result) => result, outlet: (_armed, outlet) => outlet },
  }
  const governedCall = createGovernedCall(stages)
  return {
    mcp: createTestMcp({ ownTools: createOwnTools([hello]), governedCall, narrow }),
    recorded,
  }
}

const bodyOf = ({ body }: McpReply) => JSON.parse(body?.toString() ?? '{}')

async function askLegacy(mcp: TestMcp, method: string, params: object): Promise<McpReply> {
  const post = (body: object, sessionId?: string): Promise<McpReply> =>
    mcp.handle(
      {
        principal: testPrincipal,
        body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, ...body })),
        headers: sessionId === undefined ? {} : { 'mcp-session-id': sessionId },
        clientIp: '',
        viewer: () => undefined,
      },
      { notify: () => undefined },
      new AbortController().signal,
    )
  const hi = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x' } }
  const { sessionId } = await post({ method: 'initialize', params: hi })
  return post({ method, params }, sessionId)
}

const eras = {
  modern: (mcp: TestMcp, method: string, params: object) => mcp.ask(method, params),
  legacy: askLegacy,
} as const

describe.each(['modern', 'legacy'] as const)('a tool of Peta itself, to a %s client', (era) => {
  it('is listed among the others, under the reserved prefix (MCP-103, MCP-108)', async () => {
    const { tools } = bodyOf(await eras[era](open().mcp, 'tools/list', {})).result
    const { name: _name, isOffered: _isOffered, answer: _answer, ...shown } = hello
    expect(tools.map(({ name }: { name: string }) => name)).toEqual([
      'files__echo',
      'peta__search_tools',
    ])
    expect(tools[1]).toEqual({ name: 'peta__search_tools', ...shown })
  })

  it('answers by itself, decided and recorded like any call (MCP-2)', async () => {
    const { mcp, recorded } = open()
    const params = { name: 'peta__search_tools', arguments: { to: 'Ana' } }
    const { result } = bodyOf(await eras[era](mcp, 'tools/call', params))
    expect(result).toMatchObject({
      content: [{ type: 'text', text: 'Bot says hello' }],
      structuredContent: { args: { to: 'Ana' } },
    })
    expect(recorded.map(({ call }) => [call.server.slug, call.name])).toEqual([
      ['peta', 'search_tools'],
    ])
  })

  it('does nothing where a rule denies it, and the denial is recorded', async () => {
    const { mcp, recorded } = open({ ...allowed, effect: 'deny' })
    const params = { name: 'peta__search_tools', arguments: { to: 'Ana' } }
    const { result } = bodyOf(await eras[era](mcp, 'tools/call', params))
    expect(result).toMatchObject({ isError: true })
    expect(JSON.stringify(result)).not.toContain('says hello')
    expect(recorded).toHaveLength(1)
  })

  it('takes no arguments that its schema does not allow', async () => {
    const { mcp, recorded } = open()
    const reply = await eras[era](mcp, 'tools/call', { name: 'peta__search_tools', arguments: {} })
    expect(bodyOf(reply).error.code).toBe(-32_602)
    expect(recorded).toEqual([])
  })
})

describe('where a tool of Peta itself is not offered', () => {
  const without: Profile = { ...testProfile, name: 'without' }

  it('its name is as unknown as any other (MCP-107)', async () => {
    const { mcp } = open()
    const call = async (name: string): Promise<unknown> =>
      bodyOf(await mcp.ask('tools/call', { name, arguments: { to: 'Ana' } }, { profile: without }))
    expect(await call('peta__search_tools')).toEqual(await call('peta__made_up'))
    const listed = await mcp.ask('tools/list', {}, { profile: without })
    expect(listed.body?.toString()).not.toContain('peta__')
  })

  it('nor where the rules hide it', async () => {
    const mcp = createTestMcp({
      ownTools: createOwnTools([hello]),
      isListed: (_principal, server) => server.slug !== 'peta',
    })
    const listed = await mcp.ask('tools/list')
    expect(listed.body?.toString()).not.toContain('peta__')
    const reply = await mcp.ask('tools/call', {
      name: 'peta__search_tools',
      arguments: { to: 'Ana' },
    })
    expect(bodyOf(reply).error.code).toBe(-32_602)
  })
})

it('no tool of an un-prefixed server goes by a name of Peta (MCP-103)', async () => {
  const posing = testItem('tool', { name: 'peta__search_tools', inputSchema: { type: 'object' } })
  const calls: Call[] = []
  const mcp = createTestMcp({
    ownTools: createOwnTools([hello]),
    narrow,
    catalogue: () => snapshotOf([posing]),
    governedCall: (_principal, call) => {
      calls.push(call)
      return Promise.reject(new Error('seen'))
    },
  })
  const { tools } = bodyOf(await mcp.ask('tools/list', {}, { profile: testProfile })).result
  expect(tools).toMatchObject([{ name: 'peta__search_tools', title: 'Hello' }])
  const params = { name: 'peta__search_tools', arguments: { to: 'Ana' } }
  await mcp.ask('tools/call', params, { profile: testProfile })
  expect(calls.map(({ server }) => server.slug)).toEqual(['peta'])
})
