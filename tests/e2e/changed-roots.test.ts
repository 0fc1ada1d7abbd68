import { afterAll, beforeAll, expect, it } from 'vitest'

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js'

import { startTestCore, type TestCore } from '../support/core.ts'
import { becomeOwner, issueToken, type Owner, publishRules } from '../support/owner.ts'

const SERVER = new URL('../support/stdio-server.mjs', import.meta.url).pathname

const rules = (asking: string): string => `
rules:
  - id: calls-run
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
  - id: asking
    scope: { principals: [any], actions: [${asking}], resources: [any] }
    effect: allow
`
const WITH_ROOTS = 'client.elicit, client.roots'

let core: TestCore
let owner: Owner

beforeAll(async () => {
  core = await startTestCore()
  owner = await becomeOwner(core)
  const { peta, workspace } = owner
  const launch = { kind: 'stdio' as const, command: process.execPath, args: [SERVER], env: {} }
  const { id: server } = await peta.call('servers.install', {
    params: { workspace },
    body: { slug: 'local', era: 'legacy', launch },
  })
  await peta.call('items.accept', { params: { workspace, server }, body: { items: 'all' } })
  await publishRules(owner, rules(WITH_ROOTS))
})

afterAll(() => core?.[Symbol.asyncDispose]())

type Rooted = AsyncDisposable &
  Readonly<{
    /** Has the server ask for the roots. */
    show: () => Promise<string>
    change: () => Promise<void>
    /** How often the server was told that they changed. */
    told: () => Promise<string>
  }>

async function connect(token: string): Promise<Rooted> {
  const capabilities = { elicitation: {}, roots: { listChanged: true } }
  const client = new Client({ name: 'rooted', version: '1' }, { capabilities })
  let home = 1
  client.setRequestHandler(ListRootsRequestSchema, async () => ({
    roots: [{ uri: `file:///home/${home}` }],
  }))
  const requestInit = { headers: { Authorization: `Bearer ${token}` } }
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', core.url), { requestInit }),
  )
  const call = async (name: string, args = {}): Promise<string> =>
    JSON.stringify((await client.callTool({ name: `local__${name}`, arguments: args })).content)
  return {
    show: () => call('ask', { method: 'roots/list', params: {} }),
    async change() {
      home += 1
      await client.sendRootsListChanged()
    },
    told: async () => /"text":"(\d+)"/.exec(await call('roots_changes'))?.[1] ?? '',
    [Symbol.asyncDispose]: () => client.close(),
  }
}

it('tells a server that saw a client’s roots once that they changed, with the next call (MCP-38)', async () => {
  await using client = await connect(await issueToken(owner, 'one'))
  expect(await client.show()).toContain('file:///home/1')
  expect(await client.told()).toBe('0')
  await client.change()
  expect(await client.told()).toBe('1')
  expect(await client.told()).toBe('1')
  expect(await client.show()).toContain('file:///home/2')
  expect(await client.told()).toBe('1')
})

it('tells nothing to a server that never saw them (MCP-38)', async () => {
  await using client = await connect(await issueToken(owner, 'two'))
  expect(await client.told()).toBe('0')
  await client.change()
  expect(await client.told()).toBe('0')
})

it('tells nothing of another principal’s roots (MCP-38)', async () => {
  await using client = await connect(await issueToken(owner, 'three'))
  await using other = await connect(await issueToken(owner, 'four'))
  await client.show()
  await other.change()
  expect(await client.told()).toBe('0')
})

it('tells a server whose session two clients share that it holds the roots of the other', async () => {
  const token = await issueToken(owner, 'five')
  await using client = await connect(token)
  await using other = await connect(token)
  await client.show()
  expect(await client.told()).toBe('0')
  expect(await other.told()).toBe('1')
})

it('tells nothing as long as no rule lets the server see them (MCP-38, MCP-71)', async () => {
  await using client = await connect(await issueToken(owner, 'six'))
  await client.show()
  await publishRules(owner, rules('client.elicit'))
  await client.change()
  expect(await client.told()).toBe('0')
  await publishRules(owner, rules(WITH_ROOTS))
  expect(await client.told()).toBe('1')
})
