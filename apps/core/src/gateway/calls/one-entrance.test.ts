import { describe, expect, it } from 'vitest'

import type { McpReply } from '../outcome.ts'
import { createTestMcp, serverResult, testPrincipal, type TestMcp } from '../testing.ts'

const FROM_SERVER = 'canary-said-by-the-server'

/** Every method of a client that a server answers, as a valid request about something that is there. */
const reaching: readonly (readonly [method: string, params: object])[] = [
  ['tools/call', { name: 'files__echo', arguments: { text: 'hi' } }],
  ['resources/read', { uri: 'peta.files+note:///one' }],
  ['prompts/get', { name: 'files__greet', arguments: { who: 'Ana' } }],
  [
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'files__greet' }, argument: { name: 'who', value: 'A' } },
  ],
]

/** What else the two revisions have or had a client ask, what servers ask, and what nobody has heard of. */
const others = [
  'server/discover',
  'ping',
  'logging/setLevel',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/directory/read',
  'resources/unsubscribe',
  'subscriptions/listen',
  'tasks/list',
  'tasks/get',
  'tasks/update',
  'tasks/result',
  'tasks/cancel',
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
  'tools/Call',
  'tools/call/',
  'constructor',
  'made/up',
]

const answering = (): TestMcp =>
  createTestMcp({}, async () =>
    serverResult({ content: [{ type: 'text', text: FROM_SERVER }], contents: [], messages: [] }),
  )

/** One request of an older client, in a session of its own. */
async function askLegacy(mcp: TestMcp, method: string, params: object): Promise<McpReply> {
  const post = (body: object, headers: Record<string, string>): Promise<McpReply> =>
    mcp.handle(
      {
        principal: testPrincipal,
        body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, ...body })),
        headers,
        clientIp: '',
        viewer: () => ({ principal: testPrincipal }),
      },
      { notify() {} },
      new AbortController().signal,
    )
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x' } }
  const { sessionId = '' } = await post({ method: 'initialize', params: hello }, {})
  return post({ method, params }, { 'mcp-session-id': sessionId })
}

const eras = {
  modern: (mcp: TestMcp, method: string, params: object) => mcp.ask(method, params),
  legacy: askLegacy,
} as const

describe.each(['modern', 'legacy'] as const)('of a %s client (MCP-2)', (era) => {
  it.each(reaching)(
    '%s reaches a server through the governed call, once',
    async (method, params) => {
      const mcp = answering()
      const { body } = await eras[era](mcp, method, params)
      expect(mcp.calls.map((call) => call.method)).toEqual([method])
      expect(body?.toString()).toContain(FROM_SERVER)
    },
  )

  it.each(reaching)('%s ends where the governed call does not run it', async (method, params) => {
    const mcp = createTestMcp({}, () => Promise.reject(new Error('not governed')))
    const { body } = await eras[era](mcp, method, params)
    expect(JSON.parse(body?.toString() ?? '').error.code).toBe(-32_603)
  })

  it.each(others)('%s reaches no server, whatever it names', async (method) => {
    for (const [, params] of reaching) {
      const mcp = answering()
      const { body } = await eras[era](mcp, method, { ...params, taskId: 'task_1', level: 'info' })
      expect(mcp.calls).toEqual([])
      expect(body?.toString()).not.toContain(FROM_SERVER)
    }
  })
})

it('a subscription to a resource reaches a server through the governed call, once (MCP-2)', async () => {
  const mcp = answering()
  await askLegacy(mcp, 'resources/subscribe', { uri: 'peta.files+note:///one' })
  expect(mcp.calls.map(({ method, action }) => [method, action])).toEqual([
    ['resources/subscribe', 'resource.read'],
  ])
})
