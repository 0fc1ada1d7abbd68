import { describe, expect, it } from 'vitest'

import type { ProblemCode } from '@peta/contract'

import { CoreError } from '../ground/errors.ts'
import type { ApprovalState } from '../model/approval.ts'
import type { Decision } from '../model/decision.ts'
import type { McpReply } from './outcome.ts'
import { createTestMcp, serverFrame, serverResult, type TestMcp } from './testing.ts'

const read = (reply: McpReply) => ({
  status: reply.status,
  ...(reply.body && JSON.parse(reply.body.toString())),
})
const echoCall = { name: 'files__echo', arguments: { text: 'hi' } }

describe('outcomes', () => {
  const decision: Decision = {
    effect: 'deny',
    reason: 'no_rule',
    policyVersion: 1,
    matched: [],
    shadow: [],
    obligations: {},
  }
  const outcome = (mcp: TestMcp, method = 'tools/call', round: object = {}) => {
    const params = method === 'tools/call' ? echoCall : { name: 'files__greet', arguments: {} }
    return mcp.ask(method, { ...params, ...round }).then(read)
  }
  /** What a client is told that has come back as often as it may. */
  async function atLast(mcp: TestMcp, method?: string) {
    let reply = await outcome(mcp, method)
    while (reply.result?.requestState !== undefined) {
      reply = await outcome(mcp, method, { requestState: reply.result.requestState })
    }
    return reply
  }

  it('tells a denied tool call by its text, and nothing of the rule (POL-59)', async () => {
    const mcp = createTestMcp({}, async () => ({ state: 'denied', decision }))
    const { status, result } = await outcome(mcp)
    expect(status).toBe(200)
    expect(result.isError).toBe(true)
    expect(result.resultType).toBe('complete')
    expect(result.content[0].text).toMatch(
      /^Denied by policy \(ref DEC-[0-9A-F]+\)\. Do not retry with other arguments\.$/,
    )
    const { ref } = result._meta['io.peta/decision']
    expect(result.content[0].text).toContain(ref)
    expect(JSON.stringify(result)).not.toContain('no_rule')
  })

  it('tells any other denied call by an error (POL-59, MCP-150)', async () => {
    const mcp = createTestMcp({}, async () => ({ state: 'denied', decision }))
    const reply = await outcome(mcp, 'prompts/get')
    expect(reply).toMatchObject({
      status: 200,
      error: { code: 4030, data: { ref: expect.any(String) } },
    })
  })

  it('refuses everything while the rules are not certain (MCP-150)', async () => {
    const stale = { ...decision, reason: 'policy_stale' } as const
    const mcp = createTestMcp({}, async () => ({ state: 'denied', decision: stale }))
    expect(await outcome(mcp)).toMatchObject({ status: 503, error: { code: 5031 } })
  })

  const status = (state: ApprovalState) => ({
    approvalId: 'apr_00000000000000000000000012345678',
    state,
    expiresAtMs: 60_000,
    retryAfterMs: 2_500,
    leftMs: 60_000,
    ...(state === 'DENIED' && { denyReason: 'not today' }),
  })

  it('tells a pending call how to come back (APR-40)', async () => {
    const mcp = createTestMcp({}, async () => ({ state: 'pending', status: status('PENDING') }))
    const { result } = await atLast(mcp)
    expect(result.isError).toBe(true)
    expect(result.content[0].text).toBe(
      'Pending approval APR-12345678. Call the same tool again with the same arguments after approval. Do not change them.',
    )
    expect(result._meta['io.peta/approval']).toEqual({
      id: 'apr_00000000000000000000000012345678',
      state: 'PENDING',
      retryAfter: 3,
      expiresAt: '1970-01-01T00:01:00.000Z',
    })
    const other = await atLast(mcp, 'prompts/get')
    expect(other).toMatchObject({ status: 200, error: { code: 4202, data: { state: 'PENDING' } } })
  })

  it.each([
    ['DENIED', 'was denied. Do not retry with other arguments. Reason: not today'],
    ['EXPIRED', 'did not run. Call again to ask anew.'],
    ['OUTCOME_UNKNOWN', 'Check before you repeat it.'],
  ] as const)('tells what became of a %s approval', async (state, text) => {
    const mcp = createTestMcp({}, async () => ({ state: 'refused', status: status(state) }))
    expect((await outcome(mcp)).result.content[0].text).toContain(text)
  })

  it('gives a stored answer again and says so (APR-43)', async () => {
    const stored = serverResult({ content: [] })
    if (stored.state !== 'done') throw new Error('no result')
    const result = { ...stored.result, approvalId: 'apr_1' }
    const mcp = createTestMcp({}, async () => ({
      state: 'replayed',
      status: status('COMPLETED'),
      result,
    }))
    const reply = await mcp.ask('tools/call', echoCall)
    expect(reply.approvalIds).toEqual(['apr_1'])
    expect(read(reply).result._meta['io.peta/replayed']).toBe(true)
  })

  it.each<[ProblemCode, number, number | 'result', number]>([
    ['server_unavailable', 200, 'result', 5030],
    ['call_timed_out', 200, 'result', 5040],
    ['outcome_unknown', 200, 'result', 5041],
    ['result_too_large', 200, 'result', 5020],
    ['server_misbehaves', 502, -32_603, -32_603],
    ['audit_unavailable', 503, 5031, 5031],
    ['vault_sealed', 503, 5031, 5031],
    ['rate_limited', 429, 4290, 4290],
    ['internal', 500, -32_603, -32_603],
    ['database_unreachable', 500, -32_603, -32_603],
  ])('tells %s as the table says (MCP-150)', async (code, httpStatus, tool, other) => {
    const mcp = createTestMcp({}, () =>
      Promise.reject(new CoreError(code, { problem: 'inner text' })),
    )
    const called = await outcome(mcp)
    expect(called).toMatchObject({ status: httpStatus, id: 1 })
    expect(called.result?.isError ?? called.error.code).toBe(tool === 'result' ? true : tool)
    const got = await outcome(mcp, 'prompts/get')
    expect(got).toMatchObject({ status: httpStatus, id: 1, error: { code: other } })
    expect(JSON.stringify([called, got])).not.toContain('inner text')
  })

  it('shows nothing of a failure it does not know (MCP-23)', async () => {
    const mcp = createTestMcp({}, () => Promise.reject(new Error('password=hunter2')))
    const reply = await outcome(mcp)
    expect(reply).toMatchObject({ status: 500, id: 1, error: { code: -32_603 } })
    expect(JSON.stringify(reply)).not.toContain('hunter2')
  })

  it.each([
    ['input_required', 502],
    ['task', 502],
    ['novel', 200],
  ])(
    'relays the result type %s only where it can carry it through (MCP-84)',
    async (resultType, expected) => {
      const mcp = createTestMcp({}, async () => serverResult({ resultType, content: [] }, 'modern'))
      expect((await outcome(mcp)).status).toBe(expected)
    },
  )

  it.each([
    [-32_601, 404],
    [-32_021, 400],
    [-32_603, 200],
  ])("gives a server's error %i the status %i (MCP-83)", async (code, expected) => {
    const mcp = createTestMcp({}, async () =>
      serverFrame({ jsonrpc: '2.0', id: 1, error: { code, message: 'm' } }),
    )
    expect((await outcome(mcp)).status).toBe(expected)
  })
})
