import { expect, it } from 'vitest'

import {
  legacyReply,
  modernReply,
  sendJson,
  startHttpServer,
  type SeenRequest,
} from '../../../../../tests/support/http-server.ts'
import { openTestStore } from '../../store/testing.ts'
import { admin, httpDefinition, openTestRuntime, stdioDefinition, WORKSPACE } from '../testing.ts'

const methodsOf = (seen: readonly SeenRequest[]) => seen.map(({ message }) => message.method)

const error = (code: number, id: unknown) => ({ jsonrpc: '2.0', id, error: { code, message: 'm' } })

it.each([
  [400, undefined],
  [404, undefined],
  [405, undefined],
  [400, -32_600],
  [404, -32_601],
  [200, -32_601],
] as const)(
  'takes a refusal with %i and error %s for an old server (MCP-51)',
  async (status, code) => {
    const reply = legacyReply()
    await using server = await startHttpServer((request, response) => {
      const { id, method } = request.message
      if (method !== 'server/discover') return reply(request, response)
      if (code === undefined) return void response.writeHead(status).end('<h1>No</h1>')
      sendJson(response, status, error(code, id))
    })
    await using test = await openTestRuntime()
    const id = await test.ready(httpDefinition(server.url))
    expect((await test.call(id, 'echo')).text).toBe('hello')
    expect(methodsOf(server.seen)).toContain('initialize')
  },
)

it.each([-32_020, -32_021, -32_022])(
  'takes error %i for a modern server, whether it names the request or not (MCP-51)',
  async (code) => {
    for (const isNamed of [true, false]) {
      await using server = await startHttpServer(({ message }, response) =>
        sendJson(response, 400, error(code, isNamed ? message.id : null)),
      )
      await using test = await openTestRuntime()
      const { id } = await test.runtime.install(admin, httpDefinition(server.url))
      await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toThrow(/^server_/)
      expect(methodsOf(server.seen)).toEqual(['server/discover'])
    }
  },
)

it.each([
  [['2026-07-28', '2027-01-01'], 2],
  [['2027-01-01'], 1],
])(
  'asks a server that refused the version but supports %j %i times (MCP-51)',
  async (supported, times) => {
    let refusals = 0
    const reply = modernReply()
    await using server = await startHttpServer((request, response) => {
      const { id, method } = request.message
      if (method !== 'server/discover' || refusals > 0) return reply(request, response)
      refusals += 1
      const refusal = { code: -32_022, message: 'm', data: { supported, requested: '2026-07-28' } }
      sendJson(response, 400, { jsonrpc: '2.0', id, error: refusal })
    })
    await using test = await openTestRuntime()
    const { id } = await test.runtime.install(admin, httpDefinition(server.url))
    await test.runtime.refresh(WORKSPACE, id).catch(() => undefined)
    const discovers = methodsOf(server.seen).filter((method) => method === 'server/discover')
    expect(discovers).toHaveLength(times)
    expect(test.runtime.items(WORKSPACE, id)).toHaveLength(times - 1)
  },
)

/** A process that answers a modern first message with one error, and `initialize` as an old server does. */
const refusing = (code: number) => {
  const script = `
    const write = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n')
    const results = {
      initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } },
      'tools/list': { tools: [{ name: 'old', inputSchema: { type: 'object' } }] },
    }
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method } = JSON.parse(line)
      if (id === undefined) return
      const result = results[method]
      write(result ? { id, result } : { id, error: { code: ${code}, message: 'm' } })
    })`
  const args = ['-e', script]
  return stdioDefinition([], {
    launch: { kind: 'stdio', command: process.execPath, args, env: {} },
  })
}

it.each([-32_601, -32_600, -32_602, -32_603, -32_000, 1])(
  'takes error %i of a process for an old server (MCP-52)',
  async (code) => {
    await using test = await openTestRuntime({ probeMs: 60_000 })
    const { id } = await test.runtime.install(admin, refusing(code))
    await test.runtime.refresh(WORKSPACE, id)
    expect(test.runtime.items(WORKSPACE, id).map(({ item }) => item.name)).toEqual(['old'])
  },
)

it.each([-32_020, -32_021, -32_022])(
  'takes error %i of a process for a modern server (MCP-52)',
  async (code) => {
    await using test = await openTestRuntime({ probeMs: 60_000 })
    const { id } = await test.runtime.install(admin, refusing(code))
    await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toThrow('server_misbehaves')
    expect(test.runtime.items(WORKSPACE, id)).toEqual([])
  },
)

it.each(['modern', 'legacy'] as const)(
  'keeps calling a %s server that speaks the other era after a restart (MCP-53)',
  async (before) => {
    const replies = { modern: modernReply(), legacy: legacyReply() }
    let speaks = before
    await using server = await startHttpServer((request, response) =>
      replies[speaks](request, response),
    )
    await using store = await openTestStore()
    let id: string
    {
      await using test = await openTestRuntime({ store })
      id = await test.ready(httpDefinition(server.url))
    }
    speaks = before === 'modern' ? 'legacy' : 'modern'
    for (const start of ['the first', 'the second']) {
      const seenBefore = server.seen.length
      await using test = await openTestRuntime({ store })
      expect((await test.call(id, 'echo')).text).toBe('hello')
      const greetings = methodsOf(server.seen.slice(seenBefore)).filter(
        (method) => method === 'server/discover' || method === 'initialize',
      )
      const asked = before === 'modern' ? 'server/discover' : 'initialize'
      // The first start learns it, and the second knows.
      expect(greetings.includes(asked)).toBe(start === 'the first')
    }
  },
)

it('asks a server again that refuses the version it was found to speak (MCP-53)', async () => {
  let refusals = 0
  await using server = await startHttpServer(
    modernReply(({ message: { id } }, response) => {
      refusals += 1
      if (refusals === 1) return sendJson(response, 400, error(-32_022, id))
      sendJson(response, 200, { jsonrpc: '2.0', id, result: { content: [] } })
    }),
  )
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  await expect(test.call(id, 'echo')).rejects.toThrow('server_misbehaves')
  await test.call(id, 'echo')
  expect(methodsOf(server.seen).filter((method) => method === 'server/discover')).toHaveLength(2)
})
