import type { ServerResponse } from 'node:http'

import { expect, it } from 'vitest'

import { legacyReply, sendJson, startHttpServer } from '../../../../../tests/support/http-server.ts'
import type { Askable } from '../../model/question.ts'
import { httpDefinition, openTestRuntime } from '../testing.ts'

const visit = { mode: 'url', elicitationId: 'v1', url: 'https://a.example', message: 'Go' }
const COMPLETE = 'notifications/elicitation/complete'

/** An older server that wants a visit before each call, and says by itself when one is done. */
function remote() {
  const streams: ServerResponse[] = []
  const reply = legacyReply(({ message: { id } }, response) => {
    const error = { code: -32042, message: 'visit', data: { elicitations: [visit] } }
    sendJson(response, 200, { jsonrpc: '2.0', id, error })
  })
  const started = startHttpServer((request, response) => {
    if (request.method !== 'GET') return reply(request, response)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    streams.push(response)
  })
  const complete = (elicitationId: string): void => {
    const message = { jsonrpc: '2.0', method: COMPLETE, params: { elicitationId } }
    streams.at(-1)?.write(`data: ${JSON.stringify(message)}\n\n`)
  }
  return { started, streams, complete }
}

const askable: Askable = {
  asks: ['elicitation.url'],
  ask: async () => ({ error: Buffer.from('{}') }),
}

it('hears from a server over HTTP that a visit is done (MCP-38)', async () => {
  const { started, streams, complete } = remote()
  await using server = await started
  await using test = await openTestRuntime()
  const heard: string[] = []
  const id = await test.ready(httpDefinition(server.url))
  test.runtime.onElicited((...said) => heard.push(said.join(' ')))
  const outlet = { notify: () => undefined, askable }
  expect(await test.call(id, 'echo', {}, { outlet })).toMatchObject({ isError: true })
  await expect.poll(() => streams.length).toBe(1)
  complete('v1')
  await expect.poll(() => heard).toEqual([`${id} v1`])
})
