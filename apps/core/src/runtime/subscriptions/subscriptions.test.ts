import type { ServerResponse } from 'node:http'

import { describe, expect, it } from 'vitest'

import { legacyReply, sendJson, startHttpServer } from '../../../../../tests/support/http-server.ts'
import { systemClock } from '../../ground/clock.ts'
import { systemTimers, type Timers } from '../../ground/timers.ts'
import type { DefinitionInput } from '../registry/definition.ts'
import {
  arm,
  httpDefinition,
  openTestRuntime,
  stdioDefinition,
  type TestRuntime,
  WORKSPACE,
} from '../testing.ts'

const ONE = 'note:///one'
const TWO = 'note:///two'

const eras: readonly (readonly [string, DefinitionInput])[] = [
  ['an older server', stdioDefinition(['--resources'])],
  ['a modern server', stdioDefinition(['--resources', '--modern'])],
]

/** Every wait is over soon. */
const hurried: Timers = {
  after: (delayMs, run) => systemTimers.after(Math.min(delayMs, 20), run),
  every: (periodMs, run) => systemTimers.every(Math.min(periodMs, 20), run),
}

/** One client's subscription, and what it is told. */
async function subscribe({ runtime }: TestRuntime, id: string, uri: string, agentId = 'agt_1') {
  const client = new AbortController()
  const told: unknown[] = []
  const outlet = {
    notify: (frame: Buffer) => void told.push(JSON.parse(frame.toString()).params.uri),
    lost: () => void told.push('lost'),
  }
  const over = { action: 'resource.read', method: 'resources/subscribe', agentId } as const
  const armed = arm(runtime, id, uri, {}, over)
  const { bytes, isError } = await runtime.run(armed, outlet, client.signal)
  return { told, isError, answer: JSON.parse(bytes.toString()), end: () => client.abort() }
}

const touch = (test: TestRuntime, id: string, uri: string) => test.call(id, 'touch', { uri })
const subscribed = async (test: TestRuntime, id: string): Promise<string> =>
  (await test.call(id, 'subscribed')).text

describe.each(eras)('%s on stdio', (_, definition) => {
  it('tells each subscriber of its resource, and of no other (MCP-126)', async () => {
    await using test = await openTestRuntime()
    const id = await test.ready(definition)
    const one = await subscribe(test, id, ONE)
    const two = await subscribe(test, id, TWO, 'agt_2')
    expect([one.isError, two.isError]).toEqual([false, false])
    await touch(test, id, ONE)
    await expect.poll(() => one.told).toEqual([ONE])
    await touch(test, id, TWO)
    await expect.poll(() => two.told).toEqual([TWO])
    expect(one.told).toEqual([ONE])
  })

  it('leaves behind what was read of it, when a resource or a list of it changed (MCP-120)', async () => {
    await using test = await openTestRuntime()
    const id = await test.ready(definition)
    const news = () => test.runtime.newsOf(WORKSPACE, id)
    await subscribe(test, id, ONE)
    const before = news()
    await touch(test, id, ONE)
    await expect.poll(news).toBeGreaterThan(before)
    const touched = news()
    await test.call(id, 'change')
    await expect.poll(news).toBeGreaterThan(touched)
    expect(test.runtime.newsOf(WORKSPACE, 'srv_other')).toBe(0)
  })

  it('is asked by the first and let go by the last of those who want the same (MCP-126)', async () => {
    await using test = await openTestRuntime()
    const id = await test.ready(definition)
    const first = await subscribe(test, id, ONE)
    const second = await subscribe(test, id, ONE, 'agt_2')
    expect(await subscribed(test, id)).toBe(ONE)
    first.end()
    await touch(test, id, ONE)
    await expect.poll(() => second.told).toEqual([ONE])
    expect(first.told).toEqual([])
    second.end()
    await expect.poll(() => subscribed(test, id)).toBe('')
  })

  it('is lost to its subscribers when it dies, and can be asked again (MCP-126)', async () => {
    await using test = await openTestRuntime()
    const id = await test.ready(definition)
    const { told } = await subscribe(test, id, ONE)
    await test.call(id, 'exit', { code: 1 }).catch(() => undefined)
    await expect.poll(() => told).toEqual(['lost'])
    const again = await subscribe(test, id, ONE)
    await touch(test, id, ONE)
    await expect.poll(() => again.told).toEqual([ONE])
  })

  it('is not stopped for being idle as long as somebody is told (RUN-47)', async () => {
    let aheadMs = 0
    const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs }
    await using test = await openTestRuntime({ clock, timers: hurried })
    const id = await test.ready({ ...definition, idleStopMs: 60_000 })
    const idle = await test.ready({ ...definition, slug: 'idle', idleStopMs: 60_000 })
    const isReady = (server: string): boolean =>
      test.runtime.status(WORKSPACE, server).instances.length > 0
    const { told } = await subscribe(test, id, ONE)
    aheadMs = 61_000
    await expect.poll(() => isReady(idle)).toBe(false)
    expect(isReady(id)).toBe(true)
    await touch(test, id, ONE)
    await expect.poll(() => told).toEqual([ONE])
  })
})

it('asks a modern server again when its listen ended, and counts all as changed (MCP-126)', async () => {
  await using test = await openTestRuntime({ timers: hurried })
  const id = await test.ready(stdioDefinition(['--resources', '--modern']))
  const one = await subscribe(test, id, ONE)
  const two = await subscribe(test, id, TWO)
  await test.call(id, 'end_listens')
  await expect.poll(() => [one.told, two.told]).toEqual([[ONE], [TWO]])
  await touch(test, id, TWO)
  await expect.poll(() => two.told).toEqual([TWO, TWO])
})

it('does not ask a server that tells of no resources', async () => {
  await using test = await openTestRuntime()
  const id = await test.ready(stdioDefinition())
  expect(test.runtime.catalogue(WORKSPACE).subscribable).toEqual(new Set())
  const { isError, answer } = await subscribe(test, id, ONE)
  expect([isError, answer.error.code]).toEqual([true, -32_601])
})

it('knows which servers tell of their resources, by what they said last (MCP-38)', async () => {
  await using test = await openTestRuntime()
  const id = await test.ready(stdioDefinition(['--resources']))
  expect(test.runtime.catalogue(WORKSPACE).subscribable).toEqual(new Set([id]))
})

describe('an older server over HTTP', () => {
  /** One with sessions, and a stream for what it says by itself. */
  function remote() {
    let streamStatus = 200
    const streams: ServerResponse[] = []
    const reply = legacyReply()
    const started = startHttpServer((request, response) => {
      const { id, method } = request.message
      if (request.method === 'GET') {
        if (streamStatus !== 200) return void response.writeHead(streamStatus).end()
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        return void streams.push(response)
      }
      const answers: Readonly<Record<string, object>> = {
        initialize: {
          protocolVersion: '2025-11-25',
          capabilities: { resources: { subscribe: true } },
          serverInfo: { name: 'old', version: '1' },
        },
        'resources/list': { resources: [{ uri: ONE, name: 'One' }] },
        'resources/templates/list': { resourceTemplates: [] },
        'resources/subscribe': {},
        'resources/unsubscribe': {},
      }
      const result = method && answers[method]
      if (!result) return reply(request, response)
      const session = method === 'initialize' ? { 'mcp-session-id': 's-1' } : {}
      sendJson(response, 200, { jsonrpc: '2.0', id, result }, session)
    })
    const say = (uri: string): void => {
      const method = 'notifications/resources/updated'
      const message = JSON.stringify({ jsonrpc: '2.0', method, params: { uri } })
      streams.at(-1)?.write(`data: ${message}\n\n`)
    }
    const refuseStreams = (status: number): void => void (streamStatus = status)
    return { started, streams, say, refuseStreams }
  }

  it('tells on a stream of its session, which is opened again when it ended (MCP-126)', async () => {
    const { started, streams, say } = remote()
    await using server = await started
    await using test = await openTestRuntime({ timers: hurried })
    const id = await test.ready(httpDefinition(server.url))
    const { told } = await subscribe(test, id, ONE)
    await expect.poll(() => streams.length).toBe(1)
    say(ONE)
    await expect.poll(() => told).toEqual([ONE])
    streams[0]?.end()
    await expect.poll(() => told).toEqual([ONE, ONE])
    say(ONE)
    await expect.poll(() => told).toEqual([ONE, ONE, ONE])
    const opened = server.seen.filter(({ method }) => method === 'GET')
    expect(opened.map(({ headers }) => headers['mcp-session-id'])).toEqual(['s-1', 's-1'])
  })

  it('has no stream held open to it once nobody is told any more (MCP-126)', async () => {
    const { started, streams } = remote()
    await using server = await started
    await using test = await openTestRuntime()
    const id = await test.ready(httpDefinition(server.url))
    const { end } = await subscribe(test, id, ONE)
    await expect.poll(() => streams.length).toBe(1)
    const closed = new Promise((resolve) => streams[0]?.once('close', resolve))
    end()
    await closed
    await expect
      .poll(() => server.seen.map(({ message }) => message.method))
      .toContain('resources/unsubscribe')
  })

  it.each([405, 404])('is taken at its word when it has no such stream: %d', async (status) => {
    const { started, refuseStreams } = remote()
    refuseStreams(status)
    await using server = await started
    await using test = await openTestRuntime({ timers: hurried })
    const id = await test.ready(httpDefinition(server.url))
    const { isError, told } = await subscribe(test, id, ONE)
    expect(isError).toBe(false)
    await expect
      .poll(() => server.seen.filter(({ method }) => method === 'GET').length)
      .toBeGreaterThan(0)
    await test.runtime.refresh(WORKSPACE, id)
    expect(server.seen.filter(({ method }) => method === 'GET')).toHaveLength(1)
    expect(told).toEqual([])
  })

  it('loses its subscribers with its session (MCP-57)', async () => {
    const { started, streams, refuseStreams } = remote()
    await using server = await started
    await using test = await openTestRuntime({ timers: hurried })
    const id = await test.ready(httpDefinition(server.url))
    const { told } = await subscribe(test, id, ONE)
    await expect.poll(() => streams.length).toBe(1)
    refuseStreams(404)
    streams[0]?.end()
    await expect.poll(() => told).toEqual(['lost'])
  })
})
