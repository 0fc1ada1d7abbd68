import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'

import { describe, expect, it } from 'vitest'

import { runBridge } from './bridge.ts'
import { createCoreLink } from './core-link.ts'
import type { TokenSource } from './tokens.ts'
import { createUpstream } from './upstream.ts'
import { createWriteLine } from './write-lines.ts'

type Seen = Readonly<{ method: string; headers: IncomingMessage['headers']; body: string }>
type Reply = (seen: Seen, response: ServerResponse) => void

const tokens: TokenSource = {
  current: () => Promise.resolve('token-1'),
  instead: () => Promise.resolve('token-2'),
  end: () => Promise.resolve(),
}

/** A bridge to a Core that answers as the test says. */
async function openBridge(reply: Reply, over: Partial<Parameters<typeof runBridge>[0]> = {}) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const one = { method: request.method ?? '', headers: request.headers, body }
    seen.push(one)
    reply(one, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const place = server.address()
  const port = typeof place === 'object' && place ? place.port : 0
  const address = new URL(`http://127.0.0.1:${port}/mcp`)
  const input = new PassThrough()
  const output = new PassThrough()
  const said: string[] = []
  const link = createCoreLink(address, tokens)
  const upstream = createUpstream(link)
  const ended = runBridge({
    input,
    writeLine: createWriteLine(output),
    upstream,
    address,
    say: (text) => said.push(text),
    pause: () => Promise.resolve(),
    patience: () => new Promise(() => undefined),
    ...over,
  })
  const lines = readLines(output)
  return {
    seen,
    said,
    send: (...messages: unknown[]) =>
      messages.forEach((message) => input.write(`${JSON.stringify(message)}\n`)),
    next: async () => String((await lines.next()).value),
    async end() {
      input.end()
      await ended
    },
    async [Symbol.asyncDispose]() {
      input.end()
      await upstream.end()
      link[Symbol.dispose]()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

async function* readLines(stream: PassThrough): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const chunk of stream.setEncoding('utf8')) {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}

const hello = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }
const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' }
const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'ask' } }
const asks = '{"jsonrpc":"2.0","id":"s1","method":"elicitation/create","params":{}}'
const done = '{"jsonrpc":"2.0","id":2,"result":{}}'
const event = (data: string): string => `data: ${data}\n\n`

function json(response: ServerResponse, status: number, body: string, session?: string): void {
  const headers = session === undefined ? {} : { 'mcp-session-id': session }
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}

const welcome = (response: ServerResponse): void =>
  json(
    response,
    200,
    '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}',
    'session-1',
  )

/** Begins sessions and takes notices; the rest is for the test. */
const serving =
  (rest: Reply): Reply =>
  (seen, response) => {
    if (seen.body.includes('"initialize"')) return welcome(response)
    if (seen.method === 'GET' || seen.method === 'DELETE') {
      response.writeHead(405).end()
      return
    }
    if (seen.body.includes('notifications/')) {
      response.writeHead(202).end()
      return
    }
    rest(seen, response)
  }

const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })

describe('the bridge of a legacy client', () => {
  it('relays what a server asks, and the answer to it (MCP-40)', async () => {
    let open: ServerResponse | undefined
    await using bridge = await openBridge(
      serving((seen, response) => {
        if (seen.body.includes('tools/call')) {
          open = stream(response)
          open.write(event(asks))
          return
        }
        response.writeHead(202).end()
        open?.end(event(done))
      }),
    )
    bridge.send(hello, initialized, call)
    await bridge.next()
    expect(await bridge.next()).toBe(asks)
    bridge.send({ jsonrpc: '2.0', id: 's1', result: { action: 'accept' } })
    expect(await bridge.next()).toBe(done)
    const answer = bridge.seen.find(({ body }) => body.includes('accept'))
    expect(answer?.headers).toMatchObject({
      'mcp-session-id': 'session-1',
      'mcp-protocol-version': '2025-06-18',
    })
  })

  it('listens to what belongs to no request, and goes on where a stream broke', async () => {
    const notice = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
    const lastIds: unknown[] = []
    await using bridge = await openBridge((seen, response) => {
      if (seen.method !== 'GET') return serving(() => undefined)(seen, response)
      lastIds.push(seen.headers['last-event-id'])
      if (lastIds.length >= 3) return void response.writeHead(405).end()
      stream(response).write(`id: e${lastIds.length}\n${event(notice)}`)
      if (lastIds.length === 1) response.end()
      else setImmediate(() => response.destroy())
    })
    bridge.send(hello, initialized)
    await bridge.next()
    expect([await bridge.next(), await bridge.next()]).toEqual([notice, notice])
    await expect.poll(() => lastIds).toEqual([undefined, 'e1', 'e2', undefined])
  })

  it('fetches the rest of an answer whose stream broke from where it broke (MCP-36)', async () => {
    const asked: unknown[] = []
    await using bridge = await openBridge((seen, response) => {
      const lastId = seen.headers['last-event-id']
      if (seen.method !== 'GET') {
        return serving((_, answer) => {
          stream(answer).write('retry: 1000\nid: e1\ndata: \n\n')
          setImmediate(() => answer.destroy())
        })(seen, response)
      }
      asked.push(lastId)
      if (asked.length === 1) return void response.destroy()
      if (asked.length === 2) return void stream(response).end(`id: e2\n${event(asks)}`)
      stream(response).end(`id: e3\n${event(done)}`)
    })
    bridge.send(hello, call)
    await bridge.next()
    expect([await bridge.next(), await bridge.next()]).toEqual([asks, done])
    expect(asked).toEqual(['e1', 'e1', 'e2'])
  })

  it('says that an answer is missing when its stream cannot be taken up', async () => {
    await using bridge = await openBridge((seen, response) => {
      if (seen.method === 'GET') return void response.writeHead(404).end()
      serving((_, answer) => void stream(answer).end('id: e1\ndata: \n\n' + event(asks)))(
        seen,
        response,
      )
    })
    bridge.send(hello, call)
    await bridge.next()
    expect(await bridge.next()).toBe(asks)
    expect(JSON.parse(await bridge.next())).toMatchObject({ id: 2, error: { code: 5041 } })
  })

  it('cancels by telling Core, after the request itself has left', async () => {
    await using bridge = await openBridge(
      serving((_, response) => void response.on('close', () => undefined)),
    )
    const cancel = {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 2 },
    }
    bridge.send(hello, call, cancel)
    await expect
      .poll(() => bridge.seen.map(({ body }) => body))
      .toEqual([hello, call, cancel].map((message) => JSON.stringify(message)))
  })

  it('ends the session of its client with the input', async () => {
    await using bridge = await openBridge(serving(() => undefined))
    bridge.send(hello)
    await bridge.next()
    await bridge.end()
    await bridge[Symbol.asyncDispose]()
    expect(bridge.seen.at(-1)).toMatchObject({
      method: 'DELETE',
      headers: { 'mcp-session-id': 'session-1' },
    })
  })
})

describe('the bridge of a modern client', () => {
  const params = {
    name: 'ask',
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
  }
  const modern = { ...call, params }

  it('cancels by hanging up, and sends nothing for the request any more (MCP-131)', async () => {
    const hungUp = Promise.withResolvers<void>()
    await using bridge = await openBridge((_, response) => {
      stream(response).write(event('{"jsonrpc":"2.0","method":"notifications/progress"}'))
      response.on('close', () => hungUp.resolve())
    })
    bridge.send(modern)
    await bridge.next()
    bridge.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } })
    await hungUp.promise
    await bridge.end()
    expect(bridge.seen).toHaveLength(1)
    expect(bridge.said).toEqual([])
  })

  it('says in headers what the body says, and forwards its bytes (MCP-21)', async () => {
    await using bridge = await openBridge((_, response) => json(response, 200, done))
    bridge.send(modern)
    expect(await bridge.next()).toBe(done)
    expect(bridge.seen[0]).toMatchObject({
      body: JSON.stringify(modern),
      headers: {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'ask',
      },
    })
  })
})

describe('an answer', () => {
  it('is one line, whatever lines it came in', async () => {
    await using bridge = await openBridge(
      serving((_, response) => {
        stream(response).end('data: {"jsonrpc":"2.0",\r\ndata: "id":2,\n:\ndata:"result":{}}\n\n')
      }),
    )
    bridge.send(hello, call)
    await bridge.next()
    expect(JSON.parse(await bridge.next())).toEqual(JSON.parse(done))
  })

  it('that never came is said to be missing', async () => {
    await using bridge = await openBridge(
      serving((_, response) => void stream(response).end(event(asks))),
    )
    bridge.send(hello, call)
    await bridge.next()
    expect(await bridge.next()).toBe(asks)
    expect(JSON.parse(await bridge.next())).toMatchObject({ id: 2, error: { code: 5041 } })
  })

  it('comes by another token where Core refuses the first', async () => {
    await using bridge = await openBridge((seen, response) => {
      const isFirst = seen.headers.authorization === 'Bearer token-1'
      json(response, isFirst ? 401 : 200, isFirst ? '{}' : done)
    })
    bridge.send(call)
    expect(await bridge.next()).toBe(done)
    expect(bridge.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ])
  })

  it('without a body is an error under the id of the request', async () => {
    await using bridge = await openBridge((_, response) => void response.writeHead(404).end())
    bridge.send(call)
    expect(JSON.parse(await bridge.next())).toMatchObject({ id: 2, error: { code: 4040 } })
  })

  it('is owed once: a second request of the same id is refused', async () => {
    await using bridge = await openBridge(
      serving((_, response) => void response.on('close', () => undefined)),
    )
    bridge.send(hello, call, call)
    await bridge.next()
    expect(JSON.parse(await bridge.next())).toMatchObject({ id: 2, error: { code: -32_600 } })
  })
})

it('waits for what is in flight no longer than it may', async () => {
  const patience = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  await using bridge = await openBridge(() => arrived.resolve(), {
    patience: () => patience.promise,
  })
  bridge.send(call)
  await arrived.promise
  patience.resolve()
  await bridge.end()
  expect(bridge.said).toEqual([])
})
