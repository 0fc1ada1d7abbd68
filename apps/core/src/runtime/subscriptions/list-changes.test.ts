import { describe, expect, it } from 'vitest'

import { modernReply, sendJson, startHttpServer } from '../../../../../tests/support/http-server.ts'
import { startGrowingServer } from '../../../../../tests/support/growing-server.ts'
import { systemClock } from '../../ground/clock.ts'
import { systemTimers, type Timers } from '../../ground/timers.ts'
import { httpDefinition, openTestRuntime, type TestRuntime, WORKSPACE } from '../testing.ts'

/** Every wait is over soon. */
const hurried: Timers = {
  after: (delayMs, run) => systemTimers.after(Math.min(delayMs, 20), run),
  every: (periodMs, run) => systemTimers.every(Math.min(periodMs, 20), run),
}

const tools = ({ runtime }: TestRuntime, id: string): readonly string[] =>
  runtime
    .items(WORKSPACE, id)
    .map(({ item }) => item.name)
    .toSorted()

describe.each(['legacy', 'modern'] as const)('a %s server over HTTP', (era) => {
  it('tells of a tool that it adds, though nobody subscribed to a resource (MCP-126)', async () => {
    await using server = await startGrowingServer()
    await using test = await openTestRuntime({ timers: hurried })
    const id = await test.ready(httpDefinition(server.url, { era }))
    expect(tools(test, id)).toEqual(['first'])
    await expect.poll(server.isHeard).toBe(true)
    server.add('second')
    await expect.poll(() => tools(test, id)).toEqual(['first', 'second'])
  })

  it('is asked again when its stream broke, and its lists are read again (MCP-126)', async () => {
    await using server = await startGrowingServer()
    await using test = await openTestRuntime({ timers: hurried })
    const id = await test.ready(httpDefinition(server.url, { era }))
    await expect.poll(server.isHeard).toBe(true)
    server.addUnheard('second')
    await expect.poll(() => tools(test, id)).toEqual(['first', 'second'])
  })

  it('is not kept awake to be heard, nor by what is read of it when it was (RUN-47)', async () => {
    let aheadMs = 0
    const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs }
    await using server = await startGrowingServer()
    await using test = await openTestRuntime({ clock, timers: hurried })
    const id = await test.ready(httpDefinition(server.url, { era, idleStopMs: 60_000 }))
    aheadMs = 50_000
    await expect.poll(server.isHeard).toBe(true)
    server.addUnheard('second')
    await expect.poll(() => tools(test, id)).toEqual(['first', 'second'])
    aheadMs = 65_000
    await expect.poll(() => test.runtime.status(WORKSPACE, id).instances).toEqual([])
  })
})

it('asks a modern server that refuses to tell once, and works with it all the same', async () => {
  const reply = modernReply()
  await using server = await startHttpServer((request, response) => {
    const { id, method } = request.message
    const answer = (body: object): void => sendJson(response, 200, { jsonrpc: '2.0', id, ...body })
    if (method === 'subscriptions/listen') {
      return answer({ error: { code: -32_601, message: 'Method not found' } })
    }
    if (method !== 'server/discover') return reply(request, response)
    const capabilities = { tools: { listChanged: true } }
    answer({
      result: { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities },
    })
  })
  await using test = await openTestRuntime({ timers: hurried })
  const id = await test.ready(httpDefinition(server.url))
  const listens = () => server.seen.filter(({ message }) => message.method?.endsWith('/listen'))
  await expect.poll(listens).toHaveLength(1)
  for (const _ of [1, 2, 3]) await test.runtime.refresh(WORKSPACE, id)
  expect(listens()).toHaveLength(1)
})
