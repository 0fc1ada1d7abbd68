import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import type { Principal } from '../../model/principal.ts'
import type { McpReply } from '../outcome.ts'
import {
  createTestMcp,
  createTestRecords,
  serverFrame,
  serverResult,
  testPrincipal,
  type Script,
  type TestMcp,
} from '../testing.ts'
import { echo } from './testing.ts'

const Body = z.object({
  result: z
    .looseObject({
      task: z.looseObject({ taskId: z.string() }).optional(),
      tasks: z.array(z.object({ taskId: z.string() })).default([]),
      nextCursor: z.string().optional(),
      capabilities: z.looseObject({}).optional(),
    })
    .optional(),
  error: z.looseObject({ code: z.number() }).optional(),
})

type Client = Readonly<{
  begun: z.infer<typeof Body>
  ask: (method: string, params: object) => Promise<z.infer<typeof Body>>
}>

async function connect(
  mcp: TestMcp,
  version = '2025-11-25',
  principal: Principal = testPrincipal,
): Promise<Client> {
  const signal = new AbortController().signal
  let id = 0
  const post = (body: object, headers: Record<string, string>): Promise<McpReply> => {
    const text = JSON.stringify({ jsonrpc: '2.0', id: (id += 1), ...body })
    const request = { principal, body: Buffer.from(text), headers, clientIp: '' }
    return mcp.handle({ ...request, viewer: () => ({ principal }) }, { notify() {} }, signal)
  }
  const hello = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'x' } }
  const begun = await post({ method: 'initialize', params: hello }, {})
  const headers = { 'mcp-session-id': begun.sessionId ?? '', 'mcp-protocol-version': version }
  const read = ({ body }: McpReply) => Body.parse(JSON.parse(String(body)))
  return {
    begun: read(begun),
    ask: async (method, params) => read(await post({ method, params }, headers)),
  }
}

const wanted = { ...echo, task: {} }
const idOf = ({ result }: z.infer<typeof Body>): string => result?.task?.taskId ?? ''

describe('tasks of a client of 2025-11-25 (MCP-138)', () => {
  it('are offered to that revision alone', async () => {
    const offered = async (version: string) =>
      (await connect(createTestMcp(), version)).begun.result?.capabilities
    expect(await offered('2025-11-25')).toMatchObject({
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    })
    expect(await offered('2025-06-18')).not.toHaveProperty('tasks')
    const older = await connect(createTestMcp(), '2025-06-18')
    expect(await older.ask('tasks/list', {})).toMatchObject({ error: { code: -32_601 } })
    expect(idOf(await older.ask('tools/call', wanted))).toBe('')
  })

  it('are made at once for a call that asks for one, of which its server sees nothing', async () => {
    const mcp = createTestMcp()
    const client = await connect(mcp)
    const { result } = await client.ask('tools/call', wanted)
    expect(result?.task).toMatchObject({ status: 'working', ttl: 86_400_000, pollInterval: 3000 })
    expect(String(mcp.calls[0]?.frame.bytes)).not.toContain('"task"')
    expect(idOf(await client.ask('tools/call', echo))).toBe('')
  })

  it.each([
    ['a result', serverResult({ content: [], odd: 1.5 }), { result: { content: [], odd: 1.5 } }],
    [
      'an error',
      serverFrame({ jsonrpc: '2.0', id: 9, error: { code: -32_050, message: 'no', data: 1 } }),
      { error: { code: -32_050, message: 'no', data: 1 } },
    ],
  ])('end in %s, which is fetched as the call would have had it', async (_, outcome, answer) => {
    const client = await connect(createTestMcp({}, async () => outcome))
    const taskId = idOf(await client.ask('tools/call', wanted))
    const ended = await client.ask('tasks/result', { taskId })
    expect(ended).toMatchObject(answer)
    const meta = ended.result?.['_meta']
    const related = { 'io.modelcontextprotocol/related-task': { taskId } }
    expect(meta).toEqual('result' in answer ? related : undefined)
  })

  it('are fetched by who waits, and have no result once cancelled', async () => {
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Script>>>()
    const client = await connect(createTestMcp({}, () => promise))
    const [first, second] = [
      idOf(await client.ask('tools/call', wanted)),
      idOf(await client.ask('tools/call', wanted)),
    ]
    const waiting = client.ask('tasks/result', { taskId: first })
    await client.ask('tasks/cancel', { taskId: second })
    resolve(serverResult({ content: [] }))
    expect(await waiting).toMatchObject({ result: { content: [] } })
    expect(await client.ask('tasks/result', { taskId: second })).toMatchObject({
      error: { code: -32_602 },
    })
    expect(await client.ask('tasks/cancel', { taskId: first })).toMatchObject({
      error: { code: -32_602 },
    })
  })

  it('are unknown to others, whatever they ask', async () => {
    const mcp = createTestMcp({}, () => new Promise(() => undefined))
    const client = await connect(mcp)
    const taskId = idOf(await client.ask('tools/call', wanted))
    const agent = { ...testPrincipal.agent, id: 'agt_2' }
    const other = await connect(mcp, '2025-11-25', { ...testPrincipal, agent })
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      const { error } = await other.ask(method, { taskId })
      expect(error).toEqual((await other.ask(method, { taskId: 'unknown' })).error)
      expect(error?.code).toBe(-32_602)
    }
    expect((await other.ask('tasks/list', {})).result?.tasks).toEqual([])
  })

  it('are listed page by page, by cursors that work for their owner alone', async () => {
    const records = createTestRecords()
    const mcp = createTestMcp({ records }, () => new Promise(() => undefined))
    const client = await connect(mcp)
    for (let count = 0; count < 60; count += 1) await client.ask('tools/call', wanted)
    const first = await client.ask('tasks/list', {})
    const cursor = first.result?.nextCursor
    expect(first.result?.tasks).toHaveLength(50)
    expect(cursor).toBeDefined()
    expect((await client.ask('tasks/list', { cursor })).error).toBeUndefined()
    const agent = { ...testPrincipal.agent, id: 'agt_2' }
    const other = await connect(mcp, '2025-11-25', { ...testPrincipal, agent })
    for (const foreign of [cursor, '', 'made up', 7]) {
      const { error } = await other.ask('tasks/list', { cursor: foreign })
      expect(error?.code).toBe(-32_602)
    }
  })
})
