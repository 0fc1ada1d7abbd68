import type { ServerResponse } from 'node:http'

import { expect, it } from 'vitest'

import { legacyReply, startHttpServer } from '../../../../../tests/support/http-server.ts'
import type { Outlet } from '../../model/call.ts'
import { httpDefinition, openTestRuntime } from '../testing.ts'

const EVENTS = { 'content-type': 'text/event-stream' }
const QUESTION = {
  jsonrpc: '2.0',
  id: 'q1',
  method: 'elicitation/create',
  params: { message: 'Name?', requestedSchema: { type: 'object', properties: {} } },
}

/** A server of the older era that asks on the stream of its session, and ends all calls with what it was told. */
async function startAsking(callsToAsk: number) {
  const calls: Readonly<{ id: number | undefined; response: ServerResponse }>[] = []
  let stream: ServerResponse | undefined
  const reply = legacyReply(({ message }, response) => {
    calls.push({ id: message.id, response: response.writeHead(200, EVENTS) })
    if (calls.length === callsToAsk) stream?.write(`data: ${JSON.stringify(QUESTION)}\n\n`)
  })
  return startHttpServer((request, response) => {
    if (request.method === 'GET') {
      stream = response.writeHead(200, EVENTS)
      stream.flushHeaders()
      return
    }
    const answer: object = request.message
    if (!('result' in answer || 'error' in answer)) return reply(request, response)
    response.writeHead(202).end()
    const content = [{ type: 'text', text: JSON.stringify(answer) }]
    for (const { id, response: open } of calls) {
      open.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content } })}\n\n`)
    }
  })
}

const outlet: Outlet = {
  notify() {},
  askable: {
    asks: ['elicitation.form'],
    ask: async () => ({ result: Buffer.from('{"action":"accept"}') }),
  },
}

it('takes a question on the stream of the session to the one call that is open (MCP-61)', async () => {
  await using server = await startAsking(1)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const { text } = await test.call(id, 'echo', {}, { outlet })
  expect(JSON.parse(text)).toEqual({ jsonrpc: '2.0', id: 'q1', result: { action: 'accept' } })
})

it('refuses such a question while several calls are open, because nothing says whose it is (MCP-61)', async () => {
  await using server = await startAsking(2)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const results = await Promise.all([1, 2].map(async () => test.call(id, 'echo', {}, { outlet })))
  for (const { text } of results) {
    expect(JSON.parse(text)).toMatchObject({ id: 'q1', error: { code: -32_601 } })
  }
})

it('opens no such stream for calls whose client cannot be asked', async () => {
  await using server = await startAsking(0)
  await using test = await openTestRuntime()
  await test.ready(httpDefinition(server.url))
  expect(server.seen.filter(({ method }) => method === 'GET')).toEqual([])
})

it('calls a server all the same that has no such stream', async () => {
  await using server = await startHttpServer((request, response) =>
    request.method === 'GET'
      ? void response.writeHead(405).end()
      : legacyReply()(request, response),
  )
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  expect((await test.call(id, 'echo', {}, { outlet })).text).toBe('hello')
})
