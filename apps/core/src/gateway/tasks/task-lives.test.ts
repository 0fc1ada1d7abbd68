import { describe, expect, it } from 'vitest'

import type { Call } from '../../model/call.ts'
import type { Decision } from '../../model/decision.ts'
import {
  allowed,
  createTestMcp,
  createTestRecords,
  modernMeta,
  serverResult,
  testPrincipal,
  type AskOptions,
  type Script,
  type TestMcp,
} from '../testing.ts'
import { askable, echo, get, meta, resultOf, slowServer, status, taskOf, until } from './testing.ts'

describe('a question in the middle of a task', () => {
  const params = Buffer.from('{"message":"Who?","requestedSchema":{"type":"object"}}')
  const asksTwice: Script = async (_call, { askable: client }) => {
    const answers: unknown[] = []
    for (let count = 0; count < 2; count += 1) {
      const answer = await client?.ask({ method: 'elicitation/create', params })
      answers.push(
        'result' in (answer ?? {}) ? JSON.parse(String(Object.values(answer ?? {})[0])) : undefined,
      )
    }
    return serverResult({ content: [], answers })
  }
  const answerIt = (mcp: TestMcp, taskId: string, inputResponses: object) =>
    mcp.ask('tasks/update', { taskId, inputResponses }, { meta: askable })

  it('is asked under a key of its own, and answered by an update (MCP-66, MCP-134)', async () => {
    const mcp = createTestMcp({}, asksTwice)
    const created = resultOf(await mcp.ask('tools/call', echo, { meta: askable }))
    expect(created).toMatchObject({ resultType: 'task', status: 'input_required' })
    const { taskId } = created
    const first = resultOf(await get(mcp, taskId))
    expect(first).toMatchObject({
      inputRequests: { q1: { method: 'elicitation/create', params: { message: 'Who?' } } },
    })
    await answerIt(mcp, taskId, { unknown: {}, q1: { action: 'accept', content: { a: 1.0 } } })
    const second = await until(mcp, taskId, 'input_required')
    expect(Object.keys(Object(second['inputRequests']))).toEqual(['q2'])
    await answerIt(mcp, taskId, { q1: { action: 'decline' }, q2: { action: 'cancel' } })
    expect(await until(mcp, taskId, 'completed')).toMatchObject({
      result: { answers: [{ action: 'accept', content: { a: 1 } }, { action: 'cancel' }] },
    })
  })

  it('has the key that its server gave it, unless that was another question’s before (MCP-137)', async () => {
    const mcp = createTestMcp({}, async (_call, { askable: client }) => {
      for (let count = 0; count < 2; count += 1) {
        await client?.ask({ method: 'elicitation/create', params, key: 'theirs' })
      }
      return serverResult({ content: [] })
    })
    const { taskId } = resultOf(await mcp.ask('tools/call', echo, { meta: askable }))
    const keys: string[] = []
    for (let count = 0; count < 2; count += 1) {
      const { inputRequests } = await until(mcp, taskId, 'input_required')
      const [key = ''] = Object.keys(Object(inputRequests))
      keys.push(key)
      await answerIt(mcp, taskId, { [key]: { action: 'decline' } })
    }
    expect(keys).toEqual(['theirs', 'q1'])
  })

  it.each([
    ['deny', { status: 'completed', result: { isError: true } }],
    ['require_approval', { status: 'failed', error: { code: -32_602 } }],
  ] as const)('is not answered when the rules meanwhile say %s (MCP-137)', async (effect, end) => {
    let decision: Decision = allowed
    const given: unknown[] = []
    const mcp = createTestMcp({ decide: () => decision }, async (_call, { askable: client }) => {
      given.push(await client?.ask({ method: 'elicitation/create', params }))
      return serverResult({ content: [] })
    })
    const { taskId } = resultOf(await mcp.ask('tools/call', echo, { meta: askable }))
    decision = { ...allowed, effect }
    await answerIt(mcp, taskId, { q1: { action: 'accept', content: {} } })
    expect(resultOf(await get(mcp, taskId))).toMatchObject(end)
    expect(given).toEqual([])
  })
})

describe('a task whose process is gone', () => {
  const body = {
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { ...echo, _meta: meta },
  }
  const owner = JSON.stringify([JSON.stringify(['ws_1', 'agt_1', 'test', '']), '', 'modern'])
  const orphan = (approvalId?: string) => ({
    task: {
      workspaceId: 'ws_1',
      owner,
      id: 'left-behind',
      state: 'working' as const,
      createdAtMs: 0,
      changedAtMs: 0,
      expiresAtMs: 1,
      nowMs: 0,
      ...(approvalId !== undefined && { approvalId }),
    },
    request: {
      agentId: 'agt_1',
      tokenId: 'tok_1',
      profile: '',
      clientIp: '127.0.0.1',
      bytes: Buffer.from(JSON.stringify(body)),
    },
  })
  const asks: Decision = { ...allowed, effect: 'require_approval' }

  it('goes on with the call that waits for people, and for the same approval (MCP-135)', async () => {
    const waits: unknown[] = []
    const records = createTestRecords([orphan('apr_1')])
    const mcp = createTestMcp({ records, decide: () => asks }, async (call: Call, outlet) => {
      waits.push(outlet.wait?.approvalId, call.args)
      return serverResult({ content: [] })
    })
    const done = await until(mcp, 'left-behind', 'completed')
    expect(done).toMatchObject({ result: { content: [] } })
    expect(waits).toEqual(['apr_1', { text: 'hi' }])
  })

  it.each([
    ['it waited for nobody', undefined, asks],
    ['it needs nobody any more', 'apr_1', allowed],
  ])('is not done again when %s: nobody knows whether it ran', async (_, approvalId, decision) => {
    const records = createTestRecords([orphan(approvalId)])
    const mcp = createTestMcp({ records, decide: () => decision })
    const ended = await until(mcp, 'left-behind', 'completed')
    expect(ended).toMatchObject({ result: { isError: true } })
    expect(JSON.stringify(ended)).toContain('It may have run')
    expect(mcp.calls).toEqual([])
  })

  it.each([
    ['its agent', { viewerOf: () => undefined }],
    ['its tool', { isListed: () => false }],
  ] as const)('fails when %s is gone', async (_, change) => {
    const records = createTestRecords([orphan('apr_1')])
    const mcp = createTestMcp({ records, decide: () => asks, ...change })
    await until(mcp, 'left-behind', 'failed')
    expect(mcp.calls).toEqual([])
  })
})

describe('a stop of Peta', () => {
  it('lets a call of a task end, and keeps what it came to', async () => {
    const slow = slowServer()
    await taskOf(slow)
    const stopped = slow.mcp.stop()
    slow.answer(serverResult({ content: [] }))
    await stopped
    expect(slow.records.all()).toMatchObject([{ state: 'completed' }])
  })

  it('leaves a task that waits for people to the next start (MCP-135)', async () => {
    const records = createTestRecords()
    const mcp = createTestMcp({ records }, (_call, { wait }) => {
      wait?.pending(status)
      return new Promise((resolve) => {
        wait?.until?.addEventListener('abort', () => resolve({ state: 'pending', status }))
      })
    })
    await mcp.ask('tools/call', echo, { meta })
    await mcp.stop()
    expect(records.all()).toMatchObject([{ state: 'working' }])
  })
})

describe('who listens for tasks (MCP-134)', () => {
  const listen = (mcp: TestMcp, taskIds: readonly string[], options: AskOptions = {}) => {
    const frames: unknown[] = []
    const client = new AbortController()
    const params = { notifications: { taskIds } }
    const outlet = { notify: (frame: Buffer) => void frames.push(JSON.parse(String(frame))) }
    const reply = mcp.ask('subscriptions/listen', params, {
      id: 9,
      meta,
      outlet,
      signal: client.signal,
      ...options,
    })
    return { frames, reply, leave: () => client.abort() }
  }

  it('is told what `tasks/get` would say, of the own tasks alone', async () => {
    const slow = slowServer()
    const taskId = await taskOf(slow)
    const other = { ...testPrincipal, agent: { ...testPrincipal.agent, id: 'agt_2' } }
    const own = listen(slow.mcp, [taskId, 'unknown'])
    const foreign = listen(slow.mcp, [taskId], { principal: other })
    await expect.poll(() => [own.frames.length, foreign.frames.length]).toEqual([1, 1])
    const _meta = { 'io.modelcontextprotocol/subscriptionId': 9 }
    expect(own.frames[0]).toMatchObject({ params: { notifications: { taskIds: [taskId] }, _meta } })
    expect(foreign.frames[0]).toMatchObject({ params: { notifications: {} } })

    slow.answer(serverResult({ content: [] }))
    await until(slow.mcp, taskId, 'completed')
    await expect.poll(() => own.frames.length).toBe(2)
    const { resultType: _r, _meta: _m, ...task } = resultOf(await get(slow.mcp, taskId))
    expect(own.frames[1]).toMatchObject({
      method: 'notifications/tasks',
      params: { ...task, _meta },
    })
    expect(foreign.frames).toHaveLength(1)
    own.leave()
    foreign.leave()
    await Promise.all([own.reply, foreign.reply])
  })

  it('says that it knows tasks', async () => {
    const { mcp } = slowServer()
    expect((await listen(mcp, ['any'], { meta: modernMeta }).reply).status).toBe(400)
  })
})
