import type { ServerResponse } from 'node:http'

import { expect, it } from 'vitest'

import {
  legacyReply,
  modernReply,
  startHttpServer,
  type HttpTestServer,
} from '../../../../../tests/support/http-server.ts'
import { systemTimers } from '../../ground/timers.ts'
import { RETRY_MS_MIN } from '../launch/remote-events.ts'
import { httpDefinition, openTestRuntime } from '../testing.ts'

const EVENTS = { 'content-type': 'text/event-stream' }

/** Begins a numbered stream: what it holds so far can be told apart from what is still to come. */
function prime(response: ServerResponse, eventId: string): void {
  response.writeHead(200, EVENTS)
  response.write(`id: ${eventId}\nretry: 1\ndata: \n\n`)
}

type Scene = Readonly<{
  era?: 'legacy' | 'modern'
  breakOff?: (response: ServerResponse) => void
  /** What the server does when it is asked for the stream for the nth time. */
  onGet: (response: ServerResponse, answer: string, nth: number) => void
}>

/** A server that breaks off the stream of a call before the answer. */
async function startBreaking({ era = 'legacy', breakOff = end, onGet }: Scene) {
  let callId: number | undefined
  let gets = 0
  const lists = era === 'legacy' ? legacyReply : modernReply
  const reply = lists(({ message }, response) => {
    callId = message.id
    prime(response, 'call-1')
    breakOff(response)
  })
  return startHttpServer((request, response) => {
    if (request.method !== 'GET') return reply(request, response)
    gets += 1
    const result = { content: [{ type: 'text', text: 'late' }] }
    onGet(response, `data: ${JSON.stringify({ jsonrpc: '2.0', id: callId, result })}\n\n`, gets)
  })
}

const end = (response: ServerResponse): void => void response.end()

const cut = (response: ServerResponse): void => {
  setImmediate(() => response.destroy())
}

const requestsOf = ({ seen }: HttpTestServer) =>
  seen
    .filter(({ method, message }) => method === 'GET' || message.method === 'tools/call')
    .map(({ method, headers }) => [method, headers['last-event-id']])

const callThrough = async (server: HttpTestServer) => {
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  return await test.call(id, 'echo').then(
    ({ text }) => text,
    (error: unknown) => Reflect.get(Object(error), 'code'),
  )
}

it.each([
  ['ends', end],
  ['is cut', cut],
])(
  'reads on where the stream of a call %s before its answer, and calls once (MCP-172)',
  async (_, breakOff) => {
    await using server = await startBreaking({
      breakOff,
      onGet(response, answer, nth) {
        prime(response, `get-${nth}`)
        if (nth < 3) breakOff(response)
        else response.end(answer)
      },
    })
    expect(await callThrough(server)).toBe('late')
    expect(requestsOf(server)).toEqual([
      ['POST', undefined],
      ['GET', 'call-1'],
      ['GET', 'get-1'],
      ['GET', 'get-2'],
    ])
  },
)

it('leaves a stream that goes on after the answer', async () => {
  const left = Promise.withResolvers<void>()
  await using server = await startBreaking({
    onGet(response, answer) {
      response.on('close', left.resolve)
      response.writeHead(200, EVENTS).write(answer)
    },
  })
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  expect((await test.call(id, 'echo')).text).toBe('late')
  await left.promise
})

it('says that a call may have run when its stream never goes on', async () => {
  await using server = await startBreaking({
    onGet: (response) => response.writeHead(200, EVENTS).end(),
  })
  expect(await callThrough(server)).toBe('outcome_unknown')
  expect(requestsOf(server).map(([method]) => method)).toEqual(['POST', 'GET', 'GET', 'GET'])
})

it.each([404, 405])('does not ask again for a stream that is refused with %i', async (status) => {
  await using server = await startBreaking({
    onGet: (response) => response.writeHead(status).end(),
  })
  expect(await callThrough(server)).toBe('outcome_unknown')
  expect(requestsOf(server)).toHaveLength(2)
})

it('never takes up the stream of a modern server (MCP-35)', async () => {
  await using server = await startBreaking({ era: 'modern', onGet: (response) => response.end() })
  expect(await callThrough(server)).toBe('outcome_unknown')
  expect(requestsOf(server)).toEqual([['POST', undefined]])
})

it.each(['while its stream is read', 'before its stream is asked for'])(
  'asks for no stream of a call that is cancelled %s',
  async (when) => {
    const log = { jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x' } }
    await using server = await startBreaking({
      breakOff: (response) => response.end(`data: ${JSON.stringify(log)}\n\n`),
      onGet: (response, answer) => response.writeHead(200, EVENTS).end(answer),
    })
    const ending = new AbortController()
    const isReading = when === 'while its stream is read'
    await using test = await openTestRuntime({
      timers: {
        ...systemTimers,
        after(delayMs, run) {
          if (delayMs === RETRY_MS_MIN && !isReading) queueMicrotask(() => ending.abort())
          return systemTimers.after(delayMs, run)
        },
      },
    })
    const id = await test.ready(httpDefinition(server.url))
    const outlet = { notify: () => isReading && ending.abort() }
    const call = test.call(id, 'echo', {}, { signal: ending.signal, outlet })
    await expect(call).rejects.toMatchObject({ code: 'outcome_unknown' })
    // The pause before its stream would be asked for is over when the later one of another call is.
    expect((await test.call(id, 'echo')).text).toBe('late')
    expect(requestsOf(server).map(([method]) => method)).toEqual(['POST', 'POST', 'GET'])
  },
)
