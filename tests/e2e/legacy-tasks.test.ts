import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  CallToolResultSchema,
  ElicitRequestSchema,
  type CallToolRequest,
} from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { connectClient } from '../support/clients.ts'
import { startTestCore, type TestCore } from '../support/core.ts'
import { startCountingServer, type CountingServer } from '../support/counting-server.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, type Owner } from '../support/owner.ts'
import { connectTaskClient } from '../support/task-client.ts'

const fileOf = (name: string): string => new URL(`../support/${name}`, import.meta.url).pathname
const RULES = `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call, client.elicit], resources: [any] }
    effect: allow
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: ["tool:count/write_note"] }
    effect: require_approval
`
const FORM = { message: 'Who?', requestedSchema: { type: 'object', properties: {} } }

let core: TestCore
let owner: Owner
let server: CountingServer
let token: string

beforeAll(async () => {
  server = await startCountingServer(async () => undefined)
  core = await startTestCore()
  owner = await becomeOwner(core)
  await installServer(owner, 'count', { kind: 'http', url: server.url, allowLoopback: true })
  for (const [slug, file] of [
    ['local', 'stdio-server.mjs'],
    ['old', 'legacy-task-server.mjs'],
  ] as const) {
    const launch = { kind: 'stdio' as const, command: process.execPath, args: [fileOf(file)] }
    await installServer(owner, slug, launch)
  }
  const { peta, workspace } = owner
  const params = { workspace }
  const { version: base } = await peta.call('policy.active', { params })
  await peta.call('policy.publish', { params, body: { base, source: RULES } })
  token = await newToken('claude')
}, 60_000)

afterAll(async () => {
  await core?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

async function newToken(name: string): Promise<string> {
  const { peta, workspace } = owner
  const { id: agent } = await peta.call('agents.create', { params: { workspace }, body: { name } })
  const issued = await peta.call('tokens.issue', { params: { workspace, agent }, body: {} })
  return issued.token
}

async function vote(): Promise<void> {
  const { peta, workspace } = owner
  const query = { state: 'PENDING' } as const
  const { items } = await peta.call('approvals.list', { params: { workspace }, query })
  for (const { id: approval } of items) {
    const params = { workspace, approval }
    const { bind } = await peta.call('approvals.read', { params })
    await peta.call('approvals.vote', { params, body: { vote: 'yes', bind } })
  }
}

async function connect(its = token): Promise<Client> {
  const client = new Client({ name: 'tasks', version: '1' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => ({
    action: 'accept' as const,
    content: { said: params.message },
  }))
  const requestInit = { headers: { Authorization: `Bearer ${its}` } }
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', core.url), { requestInit }),
  )
  return client
}

type Stream = ReturnType<Client['experimental']['tasks']['callToolStream']>
const call = (client: Client, params: CallToolRequest['params'], ttl = 120_000): Stream =>
  client.experimental.tasks.callToolStream(params, CallToolResultSchema, { task: { ttl } })

/** Everything that the library says of a task, and what it came to. */
async function readAll(stream: Stream, seen: (status: string) => void = () => undefined) {
  for await (const message of stream) {
    if (message.type === 'result') return message.result
    if (message.type === 'error') throw message.error
    seen(message.task.status)
  }
  throw new Error('the stream had no end')
}

describe('the official client of the older revision (MCP-138)', () => {
  it('waits for people by a task, and fetches its result', async () => {
    const client = await connect()
    const params = { name: 'count__write_note', arguments: { key: 'a' } }
    const result = await readAll(call(client, params), () => void vote())
    expect(result).toMatchObject({ content: [{ text: 'a' }] })
    expect(server.effectsOf('a')).toBe(1)
    await client.close()
  })

  it('is asked on the stream by which it fetches a result', async () => {
    const client = await connect()
    const asking = { method: 'elicitation/create', params: FORM }
    const seen: string[] = []
    const stream = call(client, { name: 'local__ask', arguments: asking })
    const result = await readAll(stream, (status) => seen.push(status))
    expect(JSON.stringify(result)).toContain('Who?')
    expect(seen).toContain('input_required')
    await client.close()
  })

  it('lists and cancels its own tasks, and nobody else’s', async () => {
    const client = await connect(await newToken('lister'))
    const other = await connect(await newToken('other'))
    const { experimental } = client
    const stream = call(client, { name: 'local__hang', arguments: {} }, 61_000)
    const first = await stream.next()
    const task = first.value?.type === 'taskCreated' ? first.value.task : undefined
    const taskId = task?.taskId ?? ''
    expect(task).toMatchObject({ status: 'working', ttl: 61_000, pollInterval: 3000 })
    expect((await experimental.tasks.listTasks()).tasks.map((one) => one.taskId)).toEqual([taskId])
    expect((await other.experimental.tasks.listTasks()).tasks).toEqual([])
    await expect(other.experimental.tasks.cancelTask(taskId)).rejects.toMatchObject({
      code: -32_602,
    })
    expect(await experimental.tasks.cancelTask(taskId)).toMatchObject({ status: 'cancelled' })
    await expect(experimental.tasks.cancelTask(taskId)).rejects.toMatchObject({ code: -32_602 })
    await client.close()
    await other.close()
  })
})

describe('a tool that can only be run as a task (MCP-138)', () => {
  it('runs for a modern client without tasks as any other', async () => {
    await using client = await connectClient('client v2', core.url, token)
    expect(await client.call('old__count', {})).toMatchObject({ text: 'counted', isError: false })
  })

  it('runs for a modern client with tasks as one of Peta', async () => {
    const client = await connectTaskClient(core.url, token)
    const { taskId } = await client.begin('old__count', {})
    const { result } = await client.until(taskId, 'completed')
    expect(result).toMatchObject({ content: [{ text: 'counted' }] })
    expect(JSON.stringify(result)).not.toContain('related-task')
  })

  it('runs for the official client of the older revision as its list says', async () => {
    const client = await connect()
    await client.listTools()
    const result = await readAll(
      client.experimental.tasks.callToolStream({ name: 'old__count', arguments: {} }),
    )
    expect(result).toMatchObject({ content: [{ text: 'counted' }] })
    await client.close()
  })
})
