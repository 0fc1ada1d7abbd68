import type { ServerResponse } from 'node:http'

import { expect, it } from 'vitest'

import {
  legacyReply,
  modernReply,
  startHttpServer,
} from '../../../../../tests/support/http-server.ts'
import { httpDefinition, openTestRuntime } from '../testing.ts'

type Open = Readonly<{ id: number | undefined; response: ServerResponse }>

/** Answers two calls at once, each on the stream of the other before its own. */
function crossing(lists: typeof legacyReply) {
  const open: Open[] = []
  return lists(({ message: { id } }, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    open.push({ id, response })
    const [first, second] = open
    if (!first || !second) return
    send(first, second, 'stolen')
    send(second, first, 'stolen')
    for (const call of [first, second]) {
      send(call, call, `own ${call.id}`)
      call.response.end()
    }
  })
}

function send(about: Open, on: Open, text: string): void {
  const { id } = about
  const result = { resultType: 'complete', content: [{ type: 'text', text }] }
  on.response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`)
}

it.each([
  ['older', legacyReply],
  ['newer', modernReply],
])('takes no answer of a %s server on the stream of another call (MCP-176)', async (_, lists) => {
  await using server = await startHttpServer(crossing(lists))
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const answers = await Promise.all([test.call(id, 'echo'), test.call(id, 'echo')])
  const calls = server.seen.filter(({ message }) => message.method === 'tools/call')
  expect(answers.map(({ text }) => text).toSorted()).toEqual(
    calls.map(({ message }) => `own ${message.id}`).toSorted(),
  )
})
