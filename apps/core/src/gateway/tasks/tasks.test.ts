import { describe, expect, it } from 'vitest'

import {
  createTestMcp,
  modernMeta,
  serverFrame,
  serverResult,
  testPrincipal,
  testProfile,
  type AskOptions,
} from '../testing.ts'
import {
  echo,
  get,
  meta,
  readReply,
  resultOf,
  slowServer,
  status,
  taskOf,
  until,
} from './testing.ts'

const denied = {
  state: 'refused',
  status: { approvalId: 'apr_1', state: 'DENIED', expiresAtMs: 0, retryAfterMs: 0, leftMs: 0 },
} as const

describe('a call that lasts', () => {
  it('is answered with a task, where its client takes one (MCP-134, MCP-135)', async () => {
    const slow = slowServer()
    const asked = slow.mcp.ask('tools/call', echo, { meta })
    slow.timers.ring()
    expect(resultOf(await asked)).toMatchObject({
      resultType: 'task',
      status: 'working',
      ttlMs: 24 * 3_600_000,
      pollIntervalMs: 3000,
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'peta' } },
    })
    expect(slow.records.all()).toHaveLength(1)
  })

  it('is answered as any other before that', async () => {
    const slow = slowServer()
    slow.answer(serverResult({ content: [] }))
    expect(resultOf(await slow.mcp.ask('tools/call', echo, { meta }))).toMatchObject({
      resultType: 'complete',
      content: [],
    })
    expect(slow.records.all()).toEqual([])
  })

  it.each([
    ['that says nothing of tasks', echo, 'tools/call', modernMeta],
    ['that reads a resource', { uri: 'peta.files+note:///one' }, 'resources/read', meta],
  ])('of a client %s is no task (MCP-134)', async (_, params, method, itsMeta) => {
    const slow = slowServer()
    const asked = slow.mcp.ask(method, params, { meta: itsMeta })
    slow.timers.ring()
    slow.answer(serverResult({ content: [], contents: [] }))
    expect(resultOf(await asked)).toMatchObject({ resultType: 'complete' })
  })

  it('gives exactly what it would have been answered with, and is complete (MCP-134)', async () => {
    const slow = slowServer()
    const taskId = await taskOf(slow)
    expect(resultOf(await get(slow.mcp, taskId))).toMatchObject({
      resultType: 'complete',
      taskId,
      status: 'working',
    })
    slow.answer(serverResult({ content: [{ type: 'text', text: 'done' }], odd: 1.5 }))
    expect(await until(slow.mcp, taskId, 'completed')).toMatchObject({
      resultType: 'complete',
      result: { resultType: 'complete', content: [{ text: 'done' }], odd: 1.5 },
    })
  })

  it('has failed only with a JSON-RPC error (MCP-135)', async () => {
    const slow = slowServer()
    const taskId = await taskOf(slow)
    slow.answer(serverFrame({ jsonrpc: '2.0', id: 1, error: { code: -32_000, message: 'no' } }))
    const failed = await until(slow.mcp, taskId, 'failed')
    expect(failed).toMatchObject({ error: { code: -32_000, message: 'no' } })
    expect(failed).not.toHaveProperty('result')
  })

  it('is completed when its tool failed, or a person said no (MCP-135)', async () => {
    for (const outcome of [serverResult({ content: [], isError: true }), denied]) {
      const slow = slowServer()
      const taskId = await taskOf(slow)
      slow.answer(outcome)
      const ended = await until(slow.mcp, taskId, 'completed')
      expect(ended).toMatchObject({ result: { isError: true } })
    }
  })

  it('goes on when its client hangs up, and not before it is a task (MCP-135)', async () => {
    const slow = slowServer()
    const client = new AbortController()
    const taskId = await taskOf(slow, { signal: client.signal })
    client.abort()
    expect(slow.signals.map(({ aborted }) => aborted)).toEqual([false])
    slow.answer(serverResult({ content: [] }))
    await until(slow.mcp, taskId, 'completed')

    const other = slowServer()
    const impatient = new AbortController()
    void other.mcp.ask('tools/call', echo, { meta, signal: impatient.signal })
    impatient.abort()
    expect(other.signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})

describe('a task', () => {
  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    'is known to nobody else: %s says so in the words for none at all (MCP-134)',
    async (method) => {
      const slow = slowServer()
      const taskId = await taskOf(slow)
      const ask = (id: string, options: AskOptions = {}) =>
        slow.mcp.ask(method, { taskId: id }, { meta, ...options })
      const other = { ...testPrincipal, agent: { ...testPrincipal.agent, id: 'agt_2' } }
      const client = { ...testPrincipal, agent: { ...testPrincipal.agent, client: 'other' } }
      const replies = await Promise.all([
        ask('unknown'),
        ask(taskId, { principal: other }),
        ask(taskId, { principal: client }),
        ask(taskId, { principal: { ...testPrincipal, workspaceId: 'ws_2' } }),
        ask(taskId, { profile: testProfile }),
      ])
      expect(readReply(replies[0])).toMatchObject({ error: { code: -32_602 } })
      expect(new Set(replies.map(({ body }) => String(body))).size).toBe(1)
      expect(slow.records.all()).toMatchObject([{ state: 'working' }])
    },
  )

  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    'is for clients that say that they know tasks: %s (MCP-134)',
    async (method) => {
      const slow = slowServer()
      const taskId = await taskOf(slow)
      const reply = await slow.mcp.ask(method, { taskId })
      expect(reply.status).toBe(400)
      expect(readReply(reply)).toMatchObject({
        error: {
          code: -32_021,
          data: {
            requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } },
          },
        },
      })
    },
  )

  it('has no list (MCP-134)', async () => {
    const { mcp } = slowServer()
    expect(readReply(await mcp.ask('tasks/list', {}, { meta }))).toMatchObject({
      error: { code: -32_601 },
    })
  })

  it('is cancelled with its call and its approval, and stays so (MCP-134)', async () => {
    const cancelled: string[] = []
    const asking = createTestMcp(
      {
        approvals: {
          progress: async () => status,
          cancel: async (_, id) => void cancelled.push(id),
        },
      },
      (_call, outlet, signal) => {
        outlet.wait?.pending(status)
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('gone')))
        })
      },
    )
    const { taskId } = resultOf(await asking.ask('tools/call', echo, { meta }))
    const ack = resultOf(await asking.ask('tasks/cancel', { taskId }, { meta }))
    expect(ack).toMatchObject({ resultType: 'complete', status: '', taskId: '' })
    expect(await until(asking, taskId, 'cancelled')).not.toHaveProperty('result')
    expect(cancelled).toEqual(['apr_1'])
    expect(resultOf(await asking.ask('tasks/cancel', { taskId }, { meta })).resultType).toBe(
      'complete',
    )
  })

  it('tells which approval it waits for, and how long still (MCP-135)', async () => {
    const mcp = createTestMcp(
      { approvals: { progress: async () => status, cancel: async () => undefined } },
      async (_call, outlet) => {
        outlet.wait?.pending(status)
        return new Promise(() => undefined)
      },
    )
    const created = resultOf(await mcp.ask('tools/call', echo, { meta }))
    const message = 'Waiting for approval APR-1 (14 min left)'
    expect(created).toMatchObject({ resultType: 'task', statusMessage: message })
    expect(resultOf(await get(mcp, created.taskId))).toMatchObject({ statusMessage: message })
  })
})
