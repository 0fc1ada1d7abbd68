import { describe, expect, it } from 'vitest'

import { aCall, aPrincipal } from '../../audit/testing.ts'
import type { Call } from '../../model/call.ts'
import { governRound } from './govern-questions.ts'
import {
  allowed,
  createTestMcp,
  modernMeta,
  serverFrame,
  serverResult,
  testPrincipal,
  type Script,
  type TestMcp,
} from '../testing.ts'

const visit = {
  mode: 'url',
  elicitationId: 'e 1',
  url: 'https://login.example/x',
  message: 'Sign in first',
}
const refusing = (elicitations: unknown) =>
  serverFrame({
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32042, message: 'visit', data: { elicitations } },
  })
/** Wants a visit before the first call; every later one runs. */
const visitFirst: Script = async ({ round }) =>
  round ? serverResult({ content: [], ran: true }) : refusing([visit])

const withUrl = { elicitation: { url: {} } }

async function call(mcp: TestMcp, round: object = {}, capabilities: object = withUrl) {
  const meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': capabilities }
  const params = { name: 'files__echo', arguments: { text: 'a' }, ...round }
  const reply = await mcp.ask('tools/call', params, { meta })
  return { status: reply.status, ...JSON.parse(String(reply.body)) }
}

const answer = (action: string) => ({ inputResponses: { v1: { action } } })

describe('a server’s error that asks for visits, to a modern client (MCP-69, MCP-24)', () => {
  it('becomes questions without an id of theirs, and the call is made again when it comes back', async () => {
    const mcp = createTestMcp({}, visitFirst)
    const { result } = await call(mcp)
    const { elicitationId: _, ...params } = visit
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { v1: { method: 'elicitation/create', params } },
    })
    expect(JSON.stringify(result)).not.toContain('elicitationId')
    const again = await call(mcp, { requestState: result.requestState, ...answer('accept') })
    expect(again.result).toMatchObject({ resultType: 'complete', ran: true })
    expect(mcp.calls).toHaveLength(2)
  })

  it.each(['decline', 'cancel'])('makes no call again for a user who said %s', async (action) => {
    const mcp = createTestMcp({}, visitFirst)
    const { requestState } = (await call(mcp)).result
    const { result } = await call(mcp, { requestState, ...answer(action) })
    expect(result).toMatchObject({ isError: true, resultType: 'complete' })
    expect(result.content[0].text).toContain('declined')
    expect(mcp.calls).toHaveLength(1)
  })

  it('says what is missing to a client that cannot ask its user to visit anything', async () => {
    const { status, error } = await call(createTestMcp({}, visitFirst), {}, { elicitation: {} })
    expect({ status, error }).toMatchObject({
      status: 400,
      error: { code: -32021, data: { requiredCapabilities: withUrl } },
    })
    expect(JSON.stringify(error)).not.toContain('login.example')
  })

  it.each([
    ['no list', undefined],
    ['an empty list', []],
    ['a form', [{ ...visit, mode: 'form' }]],
    ['no id', [visit, { ...visit, elicitationId: 7 }]],
    ['an address that is no web page', [{ ...visit, url: 'javascript:alert(1)' }]],
  ])('is the server’s fault with %s', async (_, list) => {
    const reply = await call(createTestMcp({}, async () => refusing(list)))
    expect(reply).toMatchObject({ status: 502, error: { code: -32603 } })
  })
})

it('shows no address to an older client that cannot ask its user to visit one (MCP-64, MCP-69)', async () => {
  const mcp = createTestMcp({}, visitFirst)
  const post = async (message: object, session?: string) => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }))
    const caller = { principal: testPrincipal }
    const headers = session === undefined ? {} : { 'mcp-session-id': session }
    const request = { ...caller, body, headers, clientIp: '', viewer: () => caller }
    return mcp.handle(request, { notify: () => {} }, new AbortController().signal)
  }
  const begun = await post({ method: 'initialize', params: { protocolVersion: '2025-11-25' } })
  const params = { name: 'files__echo', arguments: { text: 'a' } }
  const reply = await post({ method: 'tools/call', params }, begun.sessionId)
  expect(JSON.parse(String(reply.body)).result).toMatchObject({ isError: true })
  expect(String(reply.body)).not.toContain('login.example')
})

it('is decided and recorded like every question, and shown to nobody where no rule allows it (MCP-2)', async () => {
  const recorded: Call[] = []
  const stages = {
    decide: () => ({ ...allowed, effect: 'deny' as const }),
    spend: () => undefined,
    record<T>({ call: asked }: { call: Call }, work: () => Promise<T>): Promise<T> {
      recorded.push(asked)
      return work()
    },
  }
  const refused = refusing([visit])
  if (refused.state !== 'done') throw new Error('unreachable')
  const governed = governRound(stages, aPrincipal(), aCall(), refused.result)
  await expect(governed).rejects.toMatchObject({ code: 'server_misbehaves' })
  expect(recorded).toMatchObject([{ action: 'client.elicit', method: 'elicitation/create' }])
})
