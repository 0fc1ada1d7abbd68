import { expect, it } from 'vitest'

import { serverResult, type Script } from '../gateway/testing.ts'
import { CoreError } from '../ground/errors.ts'
import { openTestListener, TEST_TOKEN, type TestListener } from './testing.ts'

type Sent = Readonly<{ session?: string; version?: string; accept?: string }>

async function post({ url }: TestListener, body: unknown, { session, version, accept }: Sent = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TEST_TOKEN}`,
      'content-type': 'application/json',
      accept: accept ?? 'application/json',
      ...(session !== undefined && { 'mcp-session-id': session }),
      ...(version !== undefined && { 'mcp-protocol-version': version }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  const message = type.startsWith('application/json') ? JSON.parse(text) : undefined
  return { status: response.status, session: response.headers.get('mcp-session-id'), text, message }
}

async function begin(listener: TestListener, protocolVersion = '2025-03-26'): Promise<string> {
  const body = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion } }
  return (await post(listener, body)).session ?? ''
}

const request = (id: unknown, method: string, params: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
})
const call = (id: unknown, text: string) =>
  request(id, 'tools/call', { name: 'files__echo', arguments: { text } })

it('governs each member by itself and answers in one array (MCP-37)', async () => {
  await using listener = await openTestListener(async ({ args }) => {
    if (JSON.stringify(args).includes('refuse')) throw new CoreError('server_unavailable')
    return serverResult({ content: [{ type: 'text', text: JSON.stringify(args) }] })
  })
  const session = await begin(listener)
  const batch = [
    call('a', 'one'),
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    call(2, 'refuse'),
    request(3, 'nothing/known'),
    7,
    request(4, 'ping'),
    [call(5, 'inside')],
  ]
  const { status, message } = await post(listener, batch, { session })
  expect(status).toBe(200)
  expect(message).toMatchObject([
    { id: 'a', result: { content: [{ text: '{"text":"one"}' }] } },
    { id: 2, result: { isError: true } },
    { id: 3, error: { code: -32_601 } },
    { id: null, error: { code: -32_600 } },
    { id: 4, result: {} },
    { id: null, error: { code: -32_600 } },
  ])
  expect(listener.mcp.calls.map(({ args }) => args)).toEqual([{ text: 'one' }, { text: 'refuse' }])
})

it('sends what precedes the answers as events, and the array as the last (MCP-37)', async () => {
  await using listener = await openTestListener(async (_call, outlet) => {
    outlet.notify(Buffer.from('{"jsonrpc":"2.0","method":"notifications/odd"}'))
    return serverResult({ content: [] })
  })
  const session = await begin(listener)
  const accept = 'application/json, text/event-stream'
  const { text } = await post(listener, [call(1, 'a'), call(2, 'b')], { session, accept })
  const events = text.match(/(?<=^data: ).*$/gm)?.map((data) => JSON.parse(data)) ?? []
  expect(events).toHaveLength(3)
  expect(events.at(-1)).toMatchObject([{ id: 1 }, { id: 2 }])
})

it('reports every approved call of it as delivered (MCP-37, APR-43)', async () => {
  const delivered: string[] = []
  const onDelivered = (_principal: unknown, approvalId: string) => void delivered.push(approvalId)
  const script: Script = async ({ args }) => {
    const ended = serverResult({ content: [] })
    if (ended.state !== 'done') return ended
    const approvalId = JSON.stringify(args).includes('plain') ? undefined : JSON.stringify(args)
    return { ...ended, result: { ...ended.result, ...(approvalId && { approvalId }) } }
  }
  await using listener = await openTestListener(script, { onDelivered })
  const session = await begin(listener)
  await post(listener, [call(1, 'a'), call(2, 'plain'), call(3, 'b')], { session })
  await expect.poll(() => delivered).toEqual(['{"text":"a"}', '{"text":"b"}'])
})

it('has no answer where none of its members has one (MCP-37)', async () => {
  await using listener = await openTestListener()
  const session = await begin(listener)
  const notice = { jsonrpc: '2.0', method: 'notifications/initialized' }
  expect(await post(listener, [notice, notice], { session })).toMatchObject({
    status: 202,
    text: '',
  })
})

const many = (count: number) => Array.from({ length: count }, (_, id) => call(id, 'x'))

it('takes 20 members (MCP-37)', async () => {
  await using listener = await openTestListener()
  const session = await begin(listener)
  expect((await post(listener, many(20), { session })).message).toHaveLength(20)
})

it.each<[string, unknown, Sent & { begun?: string }]>([
  ['21 members', many(21), {}],
  ['no members', ' [ ] ', {}],
  ['initialize inside', [call(1, 'x'), request(2, 'initialize')], {}],
  ['what is not JSON', '[{"jsonrpc":"2.0",]', {}],
  ['members that a parser might read in two ways', '[{"a":1,"a":2}]', {}],
  ['a session of 2024-11-05', many(1), { begun: '2024-11-05' }],
  ['a session of 2025-06-18', many(1), { begun: '2025-06-18' }],
  ['a session of 2025-11-25', many(1), { begun: '2025-11-25' }],
  ['a header of a later version', many(1), { version: '2026-07-28' }],
  ['a session that is none', many(1), { session: 'made up' }],
])(
  'refuses %s as a whole, and acts on nothing of it (MCP-37, MCP-11)',
  async (_what, body, sent) => {
    await using listener = await openTestListener()
    const session = await begin(listener, sent.begun)
    const { status, message } = await post(listener, body, { session, ...sent })
    expect(status).toBe(400)
    expect(message).toMatchObject({ id: null, error: { code: expect.any(Number) } })
    expect(listener.mcp.calls).toEqual([])
  },
)
