import { expect, it } from 'vitest'

import { modernReply, startHttpServer } from '../../../../../tests/support/http-server.ts'
import { httpDefinition, openTestRuntime } from '../testing.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const meta = {
  traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
  tracestate: 'a=1',
  baggage: 'user=ana',
}

it.each([false, true])(
  'sends each call as a child of the caller’s span, and baggage only where trusted: %s (MCP-133)',
  async (relaysBaggage) => {
    await using server = await startHttpServer(modernReply())
    await using test = await openTestRuntime()
    const id = await test.ready(httpDefinition(server.url, relaysBaggage ? { relaysBaggage } : {}))
    await test.call(id, 'echo', {}, { meta })
    await test.call(id, 'echo', {}, { meta })
    const sent = server.seen
      .filter(({ message }) => message.method === 'tools/call')
      .map(({ message }) => JSON.parse(JSON.stringify(message.params))._meta)
    const child = expect.stringMatching(new RegExp(`^00-${TRACE}-(?!00f0)[0-9a-f]{16}-01$`))
    for (const { traceparent, tracestate, baggage } of sent) {
      expect({ traceparent, tracestate, baggage }).toEqual({
        traceparent: child,
        tracestate: 'a=1',
        baggage: relaysBaggage ? 'user=ana' : undefined,
      })
    }
    expect(new Set(sent.map(({ traceparent }) => traceparent)).size).toBe(2)
  },
)
