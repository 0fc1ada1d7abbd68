import { describe, expect, it } from 'vitest'

import { modernMeta, serverResult } from '../gateway/testing.ts'
import type { Outlet } from '../model/call.ts'
import { openTestListener, TEST_TOKEN, type TestListener } from './testing.ts'

type Headers = Readonly<Record<string, string>>

type Stream = Readonly<{
  status: number
  /** The next event, as its fields; undefined when the stream has ended. */
  next: () => Promise<Readonly<Record<string, string>> | undefined>
  hangUp: () => Promise<void>
}>

async function open({ url }: TestListener, headers: Headers, message?: object): Promise<Stream> {
  const response = await fetch(url, {
    method: message ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${TEST_TOKEN}`,
      accept: 'application/json, text/event-stream',
      ...(message && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(message && { body: JSON.stringify({ jsonrpc: '2.0', ...message }) }),
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    status: response.status,
    async next() {
      while (!text.includes('\n\n')) {
        const { value, done } = (await reader?.read()) ?? { done: true }
        if (done) return undefined
        text += value
      }
      const [event = '', ...rest] = text.split('\n\n')
      text = rest.join('\n\n')
      return Object.fromEntries(event.split('\n').map((line) => line.split(/: ?(.*)/s)))
    },
    hangUp: async () => reader?.cancel(),
  }
}

async function begin({ url }: TestListener, protocolVersion = '2025-06-18'): Promise<string> {
  const body = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion } }
  const headers = {
    authorization: `Bearer ${TEST_TOKEN}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return response.headers.get('mcp-session-id') ?? ''
}

/** A call that says and ends what the test tells it to. */
async function openSteppedListener(over: Parameters<typeof openTestListener>[1] = {}) {
  const started = Promise.withResolvers<Outlet>()
  const finished = Promise.withResolvers<void>()
  let isCancelled = false
  const listener = await openTestListener(async (_call, outlet, signal) => {
    signal.addEventListener('abort', () => (isCancelled = true))
    started.resolve(outlet)
    await finished.promise
    return serverResult({ content: [{ type: 'text', text: 'done' }] })
  }, over)
  return {
    listener,
    say: async (progress: number) => {
      const params = { progressToken: 'p', progress }
      const frame = { jsonrpc: '2.0', method: 'notifications/progress', params }
      const outlet = await started.promise
      outlet.notify(Buffer.from(JSON.stringify(frame)))
    },
    started: started.promise,
    finish: () => finished.resolve(),
    isCancelled: () => isCancelled,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

const call = {
  id: 7,
  method: 'tools/call',
  params: { name: 'files__echo', arguments: { text: 'x' }, _meta: { progressToken: 'p' } },
}

const progressOf = (event: Readonly<Record<string, string>> | undefined): unknown =>
  JSON.parse(event?.['data'] ?? 'null').params.progress

describe('a call whose client hung up', () => {
  it('goes on, and its client comes back for what it missed and for the answer (MCP-35, MCP-36)', async () => {
    await using stepped = await openSteppedListener()
    const { listener, say, finish } = stepped
    const session = await begin(listener)
    const opening = open(listener, { 'mcp-session-id': session }, call)
    await say(1)
    const first = await opening
    const { id = '' } = (await first.next()) ?? {}
    await first.hangUp()
    await say(2)
    const again = await open(listener, { 'mcp-session-id': session, 'last-event-id': id })
    expect(again.status).toBe(200)
    expect(progressOf(await again.next())).toBe(2)
    await say(3)
    expect(progressOf(await again.next())).toBe(3)
    finish()
    const { data = '', id: lastId = '' } = (await again.next()) ?? {}
    expect(JSON.parse(data)).toMatchObject({ id: 7, result: { content: [{ text: 'done' }] } })
    expect(await again.next()).toBeUndefined()
    expect(stepped.isCancelled()).toBe(false)
    // All of it was read, and the stream is still known: there is nothing more to come.
    const after = await open(listener, { 'mcp-session-id': session, 'last-event-id': lastId })
    expect([after.status, await after.next()]).toEqual([200, undefined])
  })

  it('keeps the answer for one that comes back after the end (MCP-36)', async () => {
    await using stepped = await openSteppedListener()
    const { listener, say, finish } = stepped
    const session = await begin(listener)
    const opening = open(listener, { 'mcp-session-id': session }, call)
    await say(1)
    const first = await opening
    const { id = '' } = (await first.next()) ?? {}
    await first.hangUp()
    finish()
    const again = await open(listener, { 'mcp-session-id': session, 'last-event-id': id })
    expect(JSON.parse((await again.next())?.['data'] ?? '')).toMatchObject({ id: 7 })
  })

  it('is found by its own session only, and by an event that was sent (MCP-35)', async () => {
    await using stepped = await openSteppedListener()
    const { listener, say, finish } = stepped
    const session = await begin(listener)
    const other = await begin(listener)
    const opening = open(listener, { 'mcp-session-id': session }, call)
    await say(1)
    const first = await opening
    const { id = '' } = (await first.next()) ?? {}
    const refused = await Promise.all([
      open(listener, { 'mcp-session-id': other, 'last-event-id': id }),
      open(listener, { 'mcp-session-id': session, 'last-event-id': `${id}0` }),
      open(listener, { 'mcp-session-id': session, 'last-event-id': 'made-up' }),
    ])
    expect(refused.map(({ status }) => status)).toEqual([404, 404, 404])
    finish()
  })

  it('has a point to come back to once it takes long, where its revision has such (MCP-35)', async () => {
    const waits: (() => void)[] = []
    const timers = {
      after: (delayMs: number, run: () => void) => {
        if (delayMs === 1000) waits.push(run)
        return { [Symbol.dispose]: () => undefined }
      },
      every: () => ({ [Symbol.dispose]: () => undefined }),
    }
    for (const version of ['2025-11-25', '2025-06-18']) {
      await using stepped = await openSteppedListener({ timers })
      const { listener, finish } = stepped
      const session = await begin(listener, version)
      const opening = open(listener, { 'mcp-session-id': session }, call)
      await stepped.started
      const isPrimed = version === '2025-11-25'
      expect(waits).toHaveLength(isPrimed ? 1 : 0)
      for (const run of waits.splice(0)) run()
      if (!isPrimed) finish()
      const stream = await opening
      if (!isPrimed) continue
      const priming = await stream.next()
      expect(priming).toEqual({ retry: '1000', id: expect.stringMatching(/^str_/), data: '' })
      await stream.hangUp()
      finish()
      const last = { 'mcp-session-id': session, 'last-event-id': priming?.['id'] ?? '' }
      const again = await open(listener, last)
      expect(JSON.parse((await again.next())?.['data'] ?? '')).toMatchObject({ id: 7 })
    }
  })
})

describe('streams without ids', () => {
  it('are those of the first revision, and all modern ones (MCP-35)', async () => {
    const modern = {
      ...call,
      params: { ...call.params, _meta: { ...modernMeta, progressToken: 'p' } },
    }
    const modernHeaders = {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'files__echo',
      'last-event-id': 'ignored',
    }
    for (const [headers, message] of [
      [
        async (listener: TestListener) => ({
          'mcp-session-id': await begin(listener, '2024-11-05'),
        }),
        call,
      ],
      [async () => modernHeaders, modern],
    ] as const) {
      await using stepped = await openSteppedListener()
      const { listener, say, finish } = stepped
      const opening = open(listener, await headers(listener), message)
      await say(1)
      const stream = await opening
      expect(Object.keys((await stream.next()) ?? {})).toEqual(['data'])
      finish()
      expect(Object.keys((await stream.next()) ?? {})).toEqual(['data'])
    }
  })
})

describe('the stream of a session', () => {
  it('says when to come back, and from where, before Peta ends it (MCP-35)', async () => {
    const listener = await openTestListener()
    const session = await begin(listener, '2025-11-25')
    const stream = await open(listener, { 'mcp-session-id': session })
    const closed = listener[Symbol.asyncDispose]()
    expect(await stream.next()).toEqual({ retry: '1000', id: expect.any(String), data: '' })
    expect(await stream.next()).toBeUndefined()
    await closed
  })
})
