import { fileURLToPath } from 'node:url'

import type { RouteBody } from '@peta/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startEverything, type UnderTest } from '../conformance/under-test.ts'
import { connectAskable, type AskableClient, type Person } from '../support/askable-client.ts'
import { startTestCore, type TestCore } from '../support/core.ts'
import { becomeOwner, type Owner, issueToken, publishRules } from '../support/owner.ts'

const STDIO_SERVER = fileURLToPath(new URL('../support/stdio-server.mjs', import.meta.url))

const rules = (asking: string, lines: string): string => `
rules:
  - id: agents-inherit
    scope: { principals: ["agent-label:owned"], actions: [tool.call, client.elicit, client.sample, client.roots], resources: [any] }
    effect: allow
  - id: calls-run
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
  - id: asking
    scope: { principals: [any], actions: [${asking}], resources: [any] }
    effect: allow
${lines}`

let everything: UnderTest
let core: TestCore
let owner: Owner

beforeAll(async () => {
  everything = await startEverything()
  core = await startTestCore()
  owner = await becomeOwner(core)
  const url = { kind: 'http' as const, url: everything.url, allowLoopback: true }
  await install('old', { era: 'legacy', launch: url })
  await install('new', { era: 'modern', launch: url })
  const launch = { kind: 'stdio' as const, command: process.execPath, args: [STDIO_SERVER] }
  await install('local', { era: 'legacy', launch })
  await publish('client.elicit, client.sample, client.roots')
}, 60_000)

afterAll(async () => {
  await core?.[Symbol.asyncDispose]()
  await everything?.[Symbol.asyncDispose]()
})

async function install(
  slug: string,
  rest: Omit<RouteBody<'servers.install'>, 'slug'>,
): Promise<void> {
  const { peta, workspace } = owner
  const params = { workspace }
  const body = { slug, ...rest }
  const { id: server } = await peta.call('servers.install', { params, body })
  await peta.call('items.accept', { params: { workspace, server }, body: { items: 'all' } })
}

const publish = (asking: string, lines = ''): Promise<void> =>
  publishRules(owner, rules(asking, lines))

let agents = 0

async function connect(
  generation: 'sdk v1' | 'client v2',
  person: Person = () => ({
    username: 'ana',
    email: 'ana@example.com',
    name: 'Ana',
    color: 'blue',
  }),
): Promise<AskableClient> {
  const token = await issueToken(owner, `agent-${(agents += 1)}`)
  return connectAskable(generation, { url: core.url, token }, person)
}

const form = {
  message: 'Who are you?',
  requestedSchema: { type: 'object', properties: { username: { type: 'string' } } },
}

describe.each(['sdk v1', 'client v2'] as const)('a client of the %s', (generation) => {
  it.each([
    ['old', 'MCP-61, MCP-65'],
    ['new', 'MCP-60, MCP-63'],
  ])('is asked by the %s server over HTTP, and its answer gets there (%s)', async (server) => {
    await using client = await connect(generation)
    const told = await client.call(`${server}__test_elicitation`, { message: 'x' })
    expect(told).toContain('ana@example.com')
    const said = await client.call(`${server}__test_sampling`, { prompt: 'capital?' })
    expect(said).toContain('Paris')
    const roots = await client.call(`${server}__test_input_required_result_list_roots`)
    expect(roots).toContain('file:///home/ana')
    expect(client.asked).toHaveLength(3)
  })

  it('is asked by a server in a process of its own (MCP-61, MCP-66)', async () => {
    await using client = await connect(generation)
    const method = 'elicitation/create'
    const told = await client.call('local__ask', { method, params: form })
    expect(JSON.parse(told)).toMatchObject({ action: 'accept', content: { username: 'ana' } })
    expect(client.asked).toEqual(['Who are you?'])
  })

  it.each(['old', 'new'])(
    'is asked round after round by the %s server (MCP-64)',
    async (server) => {
      await using client = await connect(generation)
      const told = await client.call(`${server}__test_input_required_result_multi_round`)
      expect(told).toBe('Thank you for both answers.')
      expect(client.asked).toEqual([
        'Step 1: What is your name?',
        'Step 2: What is your favorite color?',
      ])
    },
  )

  it.each(['old', 'new'])('may decline what the %s server asks (MCP-63)', async (server) => {
    await using client = await connect(generation, () => 'decline')
    const told = await client.call(`${server}__test_elicitation`, { message: 'x' })
    expect(told).toContain('decline')
  })
})

describe('rules about asking', () => {
  it.each(['sdk v1', 'client v2'] as const)(
    'keep a server from asking a client of the %s what no rule lets it ask (MCP-71)',
    async (generation) => {
      await publish('client.elicit')
      await using client = await connect(generation)
      const params = { messages: [], maxTokens: 1 }
      const refused = await client.call('local__ask', { method: 'sampling/createMessage', params })
      expect(JSON.parse(refused)).toMatchObject({ code: -32601 })
      expect(client.asked).toEqual([])
      await publish('client.elicit, client.sample, client.roots')
    },
  )

  it('let a server ask a client’s model so much and no more (MCP-71)', async () => {
    await publish('client.sample', '    obligations: { sampling: { requests_per_hour: 1 } }')
    await using client = await connect('sdk v1')
    const params = { messages: [], maxTokens: 1 }
    const call = { method: 'sampling/createMessage', params }
    expect(await client.call('local__ask', call)).toContain('Paris')
    const refused = await client.call('local__ask', call)
    expect(JSON.parse(refused)).toMatchObject({ code: -32603 })
    const other = await client.call('old__test_sampling', { prompt: 'capital?' })
    expect(other).toContain('Paris')
    await publish('client.elicit, client.sample, client.roots')
  })

  it('leave a record of every question (MCP-2)', async () => {
    const { items } = await owner.peta.call('audit.list', {
      params: { workspace: owner.workspace },
      query: { limit: 200, type: 'call.decided' },
    })
    const asked = items.filter(({ event }) => JSON.stringify(event).includes('elicitation/create'))
    expect(asked.length).toBeGreaterThan(4)
  })
})
