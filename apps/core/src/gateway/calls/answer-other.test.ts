import { expect, it } from 'vitest'

import type { Call } from '../../model/call.ts'
import type { Decision } from '../../model/decision.ts'
import {
  allowed,
  createTestMcp,
  echoTool,
  serverResult,
  snapshotOf,
  testProfile,
  type AskOptions,
  type Script,
} from '../testing.ts'

const denied: Decision = { ...allowed, effect: 'deny' }
const answers: Script = async ({ args }) => serverResult({ got: args })

/** As rules that name one method of some servers. */
const naming =
  (...names: readonly string[]) =>
  (_principal: unknown, { server, method }: Call): Decision =>
    names.includes(`${server.slug} ${method}`) ? allowed : denied

function setUp(decide: ReturnType<typeof naming>) {
  const [entry] = snapshotOf([echoTool]).entries
  if (!entry) throw new Error('unreachable')
  const other = {
    server: { ...entry.server, id: 'srv_2', slug: 'notes' },
    item: { ...echoTool, serverId: 'srv_2', exposed: 'notes__echo' },
  }
  const snapshot = { version: 1, entries: [entry, other], degraded: [] }
  const mcp = createTestMcp({ decide, catalogue: () => snapshot }, answers)
  const ask = async (method: string, options?: AskOptions) => {
    const { status, body } = await mcp.ask(method, { a: 1.5 }, options)
    return { status, ...JSON.parse(String(body)) }
  }
  return { ask, calls: mcp.calls }
}

it('knows no method that no rule names, and asks no server for it (MCP-2, MCP-150)', async () => {
  const { ask, calls } = setUp(naming('files x/y'))
  expect(await ask('x/z')).toMatchObject({ status: 404, error: { code: -32601 } })
  expect(calls).toEqual([])
})

it('takes a method to the server for which a rule names it, governed like any other call (MCP-2)', async () => {
  const { ask, calls } = setUp(naming('notes x/y'))
  const { status, result } = await ask('x/y')
  expect({ status, result }).toMatchObject({
    status: 200,
    result: { resultType: 'complete', got: { a: 1.5 } },
  })
  expect(calls).toMatchObject([
    { action: 'rpc.other', method: 'x/y', name: 'x/y', server: { slug: 'notes' } },
  ])
})

it('takes it to one server or to none: of several only to that whose names are its own (MCP-2, MCP-111)', async () => {
  const { ask, calls } = setUp(naming('notes x/y', 'files x/y'))
  expect(await ask('x/y')).toMatchObject({ error: { code: -32602 } })
  expect(calls).toEqual([])
  await ask('x/y', { profile: testProfile })
  expect(calls).toMatchObject([{ server: { slug: 'files' } }])
})

it.each([
  'ping',
  'initialize',
  'logging/setLevel',
  'resources/subscribe',
  'tasks/list',
  'roots/list',
])(
  'takes a method of the protocol itself to no server, whatever a rule says: %s (MCP-2)',
  async (method) => {
    const { ask, calls } = setUp(naming(`files ${method}`))
    expect(await ask(method)).toMatchObject({ error: { code: -32601 } })
    expect(calls).toEqual([])
  },
)
