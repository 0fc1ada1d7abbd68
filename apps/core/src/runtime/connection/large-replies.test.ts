import { expect, it } from 'vitest'

import { modernReply, startHttpServer } from '../../../../../tests/support/http-server.ts'
import { limits } from '../../ground/limits.ts'
import { httpDefinition, openTestRuntime } from '../testing.ts'

const PIECE = 'x'.repeat(1024 * 1024)
const PIECES = limits.resultBytesMax / PIECE.length + 1

it.each([
  ['a JSON answer', 'application/json', '{"jsonrpc":"2.0","x":"'],
  ['an event', 'text/event-stream', 'data: '],
])(
  'hangs up on %s once it is too large, however much more would come (MCP-151)',
  async (_, type, start) => {
    const closed = Promise.withResolvers<void>()
    const reply = modernReply((__, response) => {
      response.on('close', closed.resolve)
      response.writeHead(200, { 'content-type': type }).write(start)
      for (let piece = 0; piece < PIECES; piece += 1) response.write(PIECE)
    })
    await using server = await startHttpServer(reply)
    await using test = await openTestRuntime()
    const id = await test.ready(httpDefinition(server.url))
    const bytesMax = limits.resultBytesMax
    await expect(test.call(id, 'echo', {})).rejects.toEqual(
      expect.objectContaining({ code: 'result_too_large', facts: { bytesMax } }),
    )
    await closed.promise
  },
)
