import { expect, it } from 'vitest'

import type { Outlet } from '../../model/call.ts'
import type { Question } from '../../model/question.ts'
import {
  createTestMcp,
  serverResult,
  testPrincipal,
  type Script,
  type TestMcp,
} from '../testing.ts'

const question: Question = {
  method: 'elicitation/create',
  params: Buffer.from('{"message":"Sure?","x-own":1.0}'),
}

const asksOnce: Script = async (_call, outlet) => {
  const answer = await outlet.askable?.ask(question)
  const bytes = answer && ('result' in answer ? answer.result : answer.error)
  return serverResult({ content: [{ type: 'text', text: String(bytes) }] })
}

type Sent = Readonly<{ session?: string; accept?: string; outlet?: Outlet; agentId?: string }>

async function post(mcp: TestMcp, message: object, sent: Sent = {}) {
  const { session, outlet = { notify: () => {} }, agentId = testPrincipal.agent.id } = sent
  const { accept = 'application/json, text/event-stream' } = sent
  const headers = { accept, ...(session !== undefined && { 'mcp-session-id': session }) }
  const principal = { ...testPrincipal, agent: { ...testPrincipal.agent, id: agentId } }
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
  const { signal } = new AbortController()
  const reply = await mcp.handle(
    { principal, body, headers, clientIp: '', viewer: () => undefined },
    outlet,
    signal,
  )
  return { ...reply, message: reply.body && JSON.parse(String(reply.body)) }
}

async function begin(mcp: TestMcp, capabilities: object, more: Sent = {}, version = '2025-11-25') {
  const params = { protocolVersion: version, capabilities }
  const { sessionId = '' } = await post(mcp, { id: 0, method: 'initialize', params }, more)
  return sessionId
}

const call = {
  id: 1,
  method: 'tools/call',
  params: { name: 'files__echo', arguments: { text: 'a' } },
}

/** Calls the tool, and gives what the client was asked as soon as it was. */
function callAsked(mcp: TestMcp, sent: Sent) {
  const asked = Promise.withResolvers<string>()
  const outlet = { notify: (frame: Buffer) => asked.resolve(frame.toString()) }
  return { asked: asked.promise, reply: post(mcp, call, { ...sent, outlet }) }
}

it('asks on the stream of the request, byte for byte, under an id of its own (MCP-34, MCP-61)', async () => {
  const mcp = createTestMcp({}, asksOnce)
  const session = await begin(mcp, { elicitation: {} })
  const { asked, reply } = callAsked(mcp, { session })
  const text = await asked
  expect(text).toContain('"method":"elicitation/create","params":{"message":"Sure?","x-own":1.0}')
  const { id } = JSON.parse(text)
  const said = await post(mcp, { id, result: { action: 'decline', big: 1 } }, { session })
  expect(said.status).toBe(202)
  expect((await reply).message.result.content[0].text).toBe('{"action":"decline","big":1}')
})

it('gives an error of the client to the server (MCP-61)', async () => {
  const mcp = createTestMcp({}, asksOnce)
  const session = await begin(mcp, { elicitation: {} })
  const { asked, reply } = callAsked(mcp, { session })
  const { id } = JSON.parse(await asked)
  await post(mcp, { id, error: { code: -1, message: 'no' } }, { session })
  expect((await reply).message.result.content[0].text).toContain('"code":-1')
})

it('takes an answer only in the session that was asked, and only once (MCP-14, MCP-176)', async () => {
  const mcp = createTestMcp({}, asksOnce)
  const session = await begin(mcp, { elicitation: {} })
  const other = await begin(mcp, { elicitation: {} })
  const stranger = await begin(mcp, { elicitation: {} }, { agentId: 'agt_2' })
  const { asked, reply } = callAsked(mcp, { session })
  const answer = { id: JSON.parse(await asked).id, result: { action: 'accept' } }
  expect((await post(mcp, answer, { session: other })).status).toBe(400)
  expect((await post(mcp, answer, { session: stranger, agentId: 'agt_2' })).status).toBe(400)
  expect((await post(mcp, answer, { session, agentId: 'agt_2' })).status).toBe(404)
  expect((await post(mcp, answer, { session })).status).toBe(202)
  await reply
  expect((await post(mcp, answer, { session })).status).toBe(400)
})

it.each([
  [{}, '2025-11-25', 'application/json, text/event-stream', undefined],
  [{ elicitation: {} }, '2025-11-25', 'application/json', undefined],
  [{ elicitation: {} }, '2025-03-26', 'application/json, text/event-stream', []],
  [{ elicitation: {} }, '2025-11-25', 'text/event-stream', ['elicitation.form']],
  [{ elicitation: { url: {} } }, '2025-06-18', 'text/event-stream', []],
  [
    { elicitation: { url: {}, form: {} } },
    '2025-11-25',
    'text/event-stream',
    ['elicitation.form', 'elicitation.url'],
  ],
  [
    { sampling: { tools: {} }, roots: {} },
    '2025-11-25',
    'text/event-stream',
    ['sampling', 'sampling.tools', 'roots'],
  ],
])(
  'lets servers ask what %j of %s with %s means (MCP-34, MCP-55, MCP-62)',
  async (capabilities, version, accept, asks) => {
    const mcp = createTestMcp({}, async (_call, outlet) =>
      serverResult({ content: [], asks: outlet.askable?.asks }),
    )
    const session = await begin(mcp, capabilities, {}, version)
    const { message } = await post(mcp, call, { session, accept })
    expect(message.result.asks ?? []).toEqual(asks ?? [])
  },
)
