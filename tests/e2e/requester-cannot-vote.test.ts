import type { RouteResponse } from '@peta/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startTestCore, type TestCore } from '../support/core.ts'
import {
  countingTools,
  startCountingServer,
  type CountingServer,
} from '../support/counting-server.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, type Owner } from '../support/owner.ts'

const RULES = `
rules:
  - id: agents-inherit
    scope: { principals: ["agent-label:owned"], actions: [tool.call], resources: [any] }
    effect: allow
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: ["label:write"] }
    effect: require_approval
`
const VERSION = '2026-07-28'
const TOOL = `counter__${countingTools.write}`

let core: TestCore
let owner: Owner
let server: CountingServer
let token: string
let approval: RouteResponse<'approvals.read'>
/** The client that asked, and waits; it goes away at the end. */
const waiting = new AbortController()

beforeAll(async () => {
  core = await startTestCore()
  owner = await becomeOwner(core)
  server = await startCountingServer(async () => undefined)
  const { peta, workspace } = owner
  const params = { workspace }
  await installServer(owner, 'counter', { kind: 'http', url: server.url, allowLoopback: true })
  await peta.call('policy.publish', { params, body: { source: RULES, base: 1 } })
  const { id: agent } = await peta.call('agents.create', { params, body: { name: 'asks' } })
  ;({ token } = await peta.call('tokens.issue', { params: { workspace, agent }, body: {} }))
  void post(callBody(), waiting.signal).catch(() => undefined)
  approval = await pending()
})

afterAll(async () => {
  waiting.abort()
  await core?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
}

const callBody = (params: object = {}, meta: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: TOOL,
    arguments: { key: 'k' },
    ...params,
    _meta: { ...modernMeta, ...meta },
  },
})

function post(body: object, signal: AbortSignal, headers: object = {}): Promise<Response> {
  return fetch(`${core.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': VERSION,
      'mcp-method': 'tools/call',
      'mcp-name': TOOL,
      ...headers,
    },
    body: JSON.stringify(body),
    signal,
  })
}

const read = (id: string) =>
  owner.peta.call('approvals.read', { params: { workspace: owner.workspace, approval: id } })

async function pending(): Promise<typeof approval> {
  for (;;) {
    const { items } = await owner.peta.call('approvals.list', {
      params: { workspace: owner.workspace },
    })
    const [first] = items
    if (first) return read(first.id)
  }
}

async function decisions(): Promise<number> {
  const params = { workspace: owner.workspace }
  const { items } = await owner.peta.call('audit.list', { params, query: { type: 'call.decided' } })
  return items.length
}

/** Nobody has voted, nothing has run. */
async function expectUntouched(): Promise<void> {
  expect(await read(approval.id)).toMatchObject({ state: 'PENDING', votes: [] })
  expect(server.total()).toBe(0)
}

describe('whoever asked for an approval cannot give it (APR-5)', () => {
  it.each([
    ['votes', () => ({ vote: 'yes', bind: approval.bind })],
    ['votes', () => ({ vote: 'no', bind: approval.bind, reason: 'because' })],
    ['revoke', () => ({ reason: 'because' })],
    ['withdraw', () => ({})],
    ['resolve', () => ({ found: 'done', reason: 'because' })],
  ] as const)('by its token at %s', async (verb, body) => {
    for (const reference of [approval.id, approval.code]) {
      const path = `/api/v1/workspaces/${owner.workspace}/approvals/${reference}/${verb}`
      const response = await fetch(`${core.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body()),
      })
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ code: 'human_session_required' })
    }
    await expectUntouched()
  })

  const accepted = { action: 'accept', content: { approve: true, vote: 'yes' } }

  it('by a state that nobody gave, with the call', async () => {
    const round = { requestState: 'approved', inputResponses: { a: accepted } }
    const response = await post(callBody(round), AbortSignal.timeout(30_000))
    expect(await response.json()).toMatchObject({ error: { code: -32_602 } })
    await expectUntouched()
  })

  it('by an answer to an elicitation that nobody sent', async () => {
    const hello = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: { elicitation: {} },
        clientInfo: { name: 'asks', version: '1' },
      },
    }
    const signal = AbortSignal.timeout(30_000)
    const legacy = { 'mcp-protocol-version': '2025-11-25' }
    const { headers } = await post(hello, signal, legacy)
    const session = { ...legacy, 'mcp-session-id': headers.get('mcp-session-id') ?? '' }
    for (const id of [1, 0, approval.id, approval.code]) {
      const response = await post({ jsonrpc: '2.0', id, result: accepted }, signal, session)
      expect(response.status).toBe(400)
    }
    await expectUntouched()
  })

  it.each([
    ['by saying so where a call names its approval', () => callBody({}, claimed())],
    [
      'by answers to questions that nobody put',
      () => callBody({ inputResponses: { approval: accepted, [approval.id]: accepted } }),
    ],
  ])('%s: the call only waits', async (_, body) => {
    const before = await decisions()
    const leaving = new AbortController()
    const answer = post(body(), leaving.signal).then(
      (response) => response.text(),
      () => 'left',
    )
    while ((await decisions()) === before);
    await expectUntouched()
    leaving.abort()
    expect(await answer).toBe('left')
    await expectUntouched()
  })

  const claimed = () => ({
    'io.peta/approval': {
      id: approval.id,
      bind: approval.bind,
      vote: 'yes',
      state: 'APPROVED',
      approved: true,
    },
  })
})

it('is given by a person who may vote, after all of that', async () => {
  const params = { workspace: owner.workspace, approval: approval.id }
  const body = { vote: 'yes' as const, bind: approval.bind }
  const voted = await owner.peta.call('approvals.vote', { params, body })
  expect(voted.votes).toHaveLength(1)
})
