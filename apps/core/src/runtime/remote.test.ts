import { expect, it } from 'vitest'

import {
  legacyReply,
  modernReply,
  sendEvents,
  sendJson,
  startHttpServer,
  type SeenRequest,
} from '../../../../tests/support/http-server.ts'
import { drafts } from '../../../../tests/support/stores.ts'
import { createRecordSend } from '../audit/record-send.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import {
  admin,
  credentialSet,
  httpDefinition,
  openTestRuntime,
  WORKSPACE,
  type TestRuntime,
} from './testing.ts'

const failing = (code: string, facts: object = {}) =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) })

const methodsOf = (seen: readonly SeenRequest[]) => seen.map(({ message }) => message.method)

const callsOf = (seen: readonly SeenRequest[]) =>
  seen.filter(({ message }) => message.method === 'tools/call')

it('finds a modern server by asking, once, and shares its connections (MCP-51, RUN-20)', async () => {
  await using server = await startHttpServer(modernReply())
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  await test.call(id, 'echo', {}, { agentId: 'agt_1' })
  await test.call(id, 'echo', {}, { agentId: 'agt_2' })
  expect(methodsOf(server.seen)).toEqual([
    'server/discover',
    'tools/list',
    'tools/call',
    'tools/call',
  ])
})

it('sends a modern server its own headers, and nothing of the client (MCP-54, SEC-45)', async () => {
  await using server = await startHttpServer(modernReply())
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  await test.call(id, 'echo')
  const [call] = callsOf(server.seen)
  expect(Object.keys(call?.headers ?? {}).toSorted()).toEqual([
    'accept',
    'accept-encoding',
    'connection',
    'content-length',
    'content-type',
    'host',
    'mcp-method',
    'mcp-name',
    'mcp-protocol-version',
    'user-agent',
  ])
  expect(call?.headers).toMatchObject({
    host: `127.0.0.1:${server.port}`,
    'mcp-method': 'tools/call',
    'mcp-name': 'echo',
    'mcp-protocol-version': '2026-07-28',
  })
  expect(call?.message.params).toMatchObject({
    name: 'echo',
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
  })
})

it("repeats arguments in headers as the server's schema asks, whatever the client sent (MCP-54)", async () => {
  const properties = {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    note: { type: 'string' },
  }
  const tools = [{ name: 'echo', inputSchema: { type: 'object', properties } }]
  const answer = modernReply()
  await using server = await startHttpServer((request, response) => {
    const { id, method } = request.message
    if (method !== 'tools/list') return answer(request, response)
    sendJson(response, 200, { jsonrpc: '2.0', id, result: { resultType: 'complete', tools } })
  })
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  await test.call(id, 'echo', { region: 'eu\r\nx-evil: 1', count: 3, note: 'unrepeated' })
  await test.call(id, 'echo', { region: 'eu' })
  const params = callsOf(server.seen).map(({ headers }) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => /param|evil/.test(name))),
  )
  const encoded = Buffer.from('eu\r\nx-evil: 1').toString('base64')
  expect(params).toEqual([
    { 'mcp-param-region': `=?base64?${encoded}?=`, 'mcp-param-count': '3' },
    { 'mcp-param-region': 'eu' },
  ])
})

it('opens a session of its own for each principal on an old server (MCP-56)', async () => {
  await using server = await startHttpServer(legacyReply())
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  for (const agentId of ['agt_1', 'agt_2', 'agt_1']) await test.call(id, 'echo', {}, { agentId })
  const sessions = callsOf(server.seen).map(({ headers }) => headers['mcp-session-id'])
  expect(sessions[0]).toBe(sessions[2])
  expect(sessions[1]).not.toBe(sessions[0])
  expect(callsOf(server.seen)[0]?.headers).toMatchObject({ 'mcp-protocol-version': '2025-11-25' })
  expect(callsOf(server.seen)[0]?.headers).not.toHaveProperty('mcp-method')
})

it.each([401, 403, 500, 503, 302])(
  'takes a %i for no evidence of an era (MCP-51)',
  async (status) => {
    await using server = await startHttpServer(
      (_, response) => void response.writeHead(status).end(),
    )
    await using test = await openTestRuntime()
    const id = (await test.runtime.install(admin, httpDefinition(server.url))).id
    await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toEqual(failing('server_unavailable'))
    expect(methodsOf(server.seen)).toEqual(['server/discover'])
  },
)

it('never sends a tool call again when a session is lost, and opens a new one for the next (MCP-57, RUN-55)', async () => {
  const lost = new Set(['session-1', 'session-2'])
  const reply = legacyReply(({ headers, message }, response) => {
    if (lost.has(String(headers['mcp-session-id']))) return void response.writeHead(404).end()
    sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result: { contents: [] } })
  })
  await using server = await startHttpServer(reply)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  await expect(test.call(id, 'echo')).rejects.toEqual(failing('outcome_unknown', { status: 404 }))
  expect(callsOf(server.seen)).toHaveLength(1)
  expect(await test.call(id, 'echo')).toMatchObject({ isError: false })
})

it('asks again for what only reads when a session is lost (MCP-57)', async () => {
  const reply = legacyReply(({ headers, message }, response) => {
    if (headers['mcp-session-id'] === 'session-2') return void response.writeHead(404).end()
    sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result: { contents: [] } })
  })
  await using server = await startHttpServer(reply)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const read = await test.call(id, 'file:///a', {}, { action: 'resource.read' })
  expect(read.isError).toBe(false)
  const reads = server.seen.filter(({ message }) => message.method === 'resources/read')
  expect(reads.map(({ message }) => message.params?.['uri'])).toEqual(['file:///a', 'file:///a'])
})

/** A server that loses the session of the first read, and what is recorded of sends to it. */
async function sendsToForgetful(over: Parameters<TestRuntime['call']>[3]) {
  const reply = legacyReply(({ headers, message }, response) => {
    if (headers['mcp-session-id'] === 'session-2') return void response.writeHead(404).end()
    sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result: { contents: [] } })
  })
  const recorded: AuditDraft[] = []
  const append = async (events: readonly AuditDraft[]) => void recorded.push(...events)
  const recordSend = createRecordSend({ append, draft: drafts() })
  await using server = await startHttpServer(reply)
  await using test = await openTestRuntime({
    beforeSend: ({ clearance }, attempt) => recordSend(clearance, attempt),
  })
  const id = await test.ready(httpDefinition(server.url))
  const answer = await test.call(id, 'file:///a', {}, over).then(
    () => 'answered',
    (error: unknown) => error,
  )
  const sends = server.seen.filter(({ message }) => message.method === 'resources/read').length
  return { answer, sends, recorded }
}

it('says in the log each time that it sends a call again (AUD-25)', async () => {
  const { answer, sends, recorded } = await sendsToForgetful({ action: 'resource.read' })
  expect(answer).toBe('answered')
  expect(sends).toBe(2)
  expect(recorded.map(({ type, fields }) => [type, JSON.parse(`{${fields}}`).request])).toEqual([
    ['call.sent', { call_id: expect.stringMatching(/^call_/), attempt: 2 }],
  ])
})

it('sends what a person approved once, even where it only reads (APR-2)', async () => {
  const claim = { approvalId: 'apr_1', fence: 1, attempt: 1, leaseUntilMs: 1 }
  const { answer, sends } = await sendsToForgetful({ action: 'resource.read', claim })
  expect(answer).toEqual(failing('outcome_unknown', { status: 404 }))
  expect(sends).toBe(1)
})

it('relays what comes on the call’s own stream before its result, and nothing after it', async () => {
  const reply = modernReply(({ message: { id, params } }, response) => {
    const meta = Object(params?.['_meta'])
    const note = (progress: number) => ({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: meta.progressToken, progress },
    })
    const log = { jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x' } }
    const result = { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'done' }] } }
    sendEvents(response, [note(1), log, note(2), result, note(3), log])
  })
  await using server = await startHttpServer(reply)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const seen: unknown[] = []
  const outlet = { notify: (frame: Buffer) => void seen.push(JSON.parse(frame.toString()).params) }
  const outcome = await test.call(id, 'echo', {}, { outlet, meta: { progressToken: 7 } })
  expect(outcome.text).toBe('done')
  expect(seen).toEqual([
    { progressToken: 7, progress: 1 },
    { data: 'x' },
    { progressToken: 7, progress: 2 },
  ])
})

it.each([
  ['closes the stream on a modern server', modernReply, false],
  ['says so by message to an old one', legacyReply, true],
])('ends a cancelled call: %s (MCP-131)', async (_, reply, byMessage) => {
  const closed = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  const hang = reply((__, response) => {
    response.on('close', closed.resolve)
    arrived.resolve()
  })
  await using server = await startHttpServer(hang)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const ending = new AbortController()
  const hanging = test.call(id, 'echo', {}, { signal: ending.signal })
  await arrived.promise
  ending.abort()
  await expect(hanging).rejects.toEqual(failing('outcome_unknown', { reason: 'cancelled' }))
  await closed.promise
  await expect
    .poll(() => methodsOf(server.seen).includes('notifications/cancelled'))
    .toBe(byMessage)
})

it.each([
  ['on another host', 'api.example.com'],
  ['at another port', '127.0.0.1:1'],
  ['at the usual port, which is not this one', '127.0.0.1'],
])(
  'puts a credential into its header where it is bound, and none that is bound %s (VLT-41, VLT-45)',
  async (_, bound) => {
    await using server = await startHttpServer(modernReply())
    const header = { target: 'header', name: 'authorization', value: 'Bearer s3cr3t' } as const
    const here = credentialSet([{ ...header, hosts: [new URL(server.url).host] }])
    const elsewhere = credentialSet([{ ...header, hosts: [bound] }])
    await using test = await openTestRuntime({ connectCredentials: async () => here })
    const id = await test.ready(httpDefinition(server.url))
    await test.call(id, 'echo', {}, { credentials: here })
    expect(callsOf(server.seen)[0]?.headers['authorization']).toBe('Bearer s3cr3t')
    const before = server.seen.length
    const misdirected = { ...elsewhere, version: 'v2' }
    await expect(test.call(id, 'echo', {}, { credentials: misdirected })).rejects.toEqual(
      failing('secret_binding_mismatch'),
    )
    expect(server.seen).toHaveLength(before)
  },
)

it.each([
  ['text/html', '<h1>Hello</h1>', 'server_misbehaves'],
  ['application/json', '{"jsonrpc":"2.0"', 'server_misbehaves'],
  ['application/json', '{"jsonrpc":"2.0","id":9999,"result":{}}', 'outcome_unknown'],
  [
    'text/event-stream',
    'data: {"jsonrpc":"2.0","method":"notifications/x"}\n\n',
    'outcome_unknown',
  ],
])('makes no answer of %s %s (MCP-59)', async (type, body, code) => {
  const reply = modernReply((_, response) =>
    response.writeHead(200, { 'content-type': type }).end(body),
  )
  await using server = await startHttpServer(reply)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  await expect(test.call(id, 'echo')).rejects.toEqual(failing(code))
})

it('knows an unsent call from one that may have run (RUN-55)', async () => {
  await using test = await openTestRuntime()
  await using server = await startHttpServer(modernReply((_, response) => void response.destroy()))
  const id = await test.ready(httpDefinition(server.url))
  await expect(test.call(id, 'echo')).rejects.toEqual(
    failing('outcome_unknown', { reason: 'connection_lost' }),
  )
  await server[Symbol.asyncDispose]()
  await expect(test.call(id, 'echo')).rejects.toEqual(failing('server_unavailable'))
})

it('relays an error with our id whatever the status, and never headers or redirects (RUN-23)', async () => {
  const reply = modernReply(({ message: { id } }, response) =>
    sendJson(response, 404, { jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }),
  )
  await using server = await startHttpServer(reply)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  expect(await test.call(id, 'echo')).toMatchObject({
    isError: true,
    message: { error: { code: -32601 } },
  })
})
