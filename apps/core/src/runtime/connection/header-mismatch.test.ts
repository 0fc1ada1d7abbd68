import { expect, it } from 'vitest'

import { modernReply, sendJson, startHttpServer } from '../../../../../tests/support/http-server.ts'
import { httpDefinition, openTestRuntime, WORKSPACE } from '../testing.ts'

type Story = { refusals: number; isNamed: boolean; description: string }

/** A modern server that refuses its first calls because of their headers. */
function startServer(story: Story) {
  const reply = modernReply(({ message: { id } }, response) => {
    story.refusals -= 1
    if (story.refusals < 0) {
      const result = { content: [{ type: 'text', text: 'ran' }] }
      return sendJson(response, 200, { jsonrpc: '2.0', id, result })
    }
    const error = { code: -32_020, message: 'HeaderMismatch' }
    sendJson(response, 400, { jsonrpc: '2.0', id: story.isNamed ? id : null, error })
  })
  return startHttpServer((request, response) => {
    const { id, method } = request.message
    if (method !== 'tools/list') return reply(request, response)
    const { description } = story
    const tools = [{ name: 'echo', description, inputSchema: { type: 'object' } }]
    sendJson(response, 200, { jsonrpc: '2.0', id, result: { resultType: 'complete', tools } })
  })
}

const callsAndLists = (server: Awaited<ReturnType<typeof startServer>>): readonly unknown[] =>
  server.seen.map(({ message }) => message.method).filter((method) => method !== 'server/discover')

it.each([true, false])(
  'reads the list again and sends once more what was refused for its headers: named %s (MCP-54)',
  async (isNamed) => {
    await using server = await startServer({ refusals: 1, isNamed, description: 'first' })
    await using test = await openTestRuntime()
    const id = await test.ready(httpDefinition(server.url))
    expect((await test.call(id, 'echo')).text).toBe('ran')
    expect(callsAndLists(server)).toEqual(['tools/list', 'tools/call', 'tools/list', 'tools/call'])
  },
)

it('gives up when it is refused again (MCP-54)', async () => {
  await using server = await startServer({ refusals: 9, isNamed: true, description: 'first' })
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  await expect(test.call(id, 'echo')).rejects.toThrow('server_misbehaves')
  expect(callsAndLists(server)).toEqual(['tools/list', 'tools/call', 'tools/list', 'tools/call'])
})

it('never sends to a tool that turns out to be another than was judged (MCP-54, POL-47)', async () => {
  const story = { refusals: 1, isNamed: true, description: 'first' }
  await using server = await startServer(story)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  story.description = 'second'
  await expect(test.call(id, 'echo')).rejects.toThrow('definition_changed')
  expect(callsAndLists(server)).toEqual(['tools/list', 'tools/call', 'tools/list'])
  expect(test.runtime.items(WORKSPACE, id).map(({ item }) => item.state)).toEqual(['changed'])
})

it('sends what a person approved once, refused or not (APR-2)', async () => {
  await using server = await startServer({ refusals: 1, isNamed: true, description: 'first' })
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const claim = { approvalId: 'apr_1', fence: 1, attempt: 1, leaseUntilMs: 1 }
  await expect(test.call(id, 'echo', {}, { claim })).rejects.toThrow('server_misbehaves')
  expect(callsAndLists(server)).toEqual(['tools/list', 'tools/call'])
})
