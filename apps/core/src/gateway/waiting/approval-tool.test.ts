import { describe, expect, it } from 'vitest'

import type { ApprovalState, ApprovalStatus } from '../../model/approval.ts'
import { approvalTool } from './approval-tool.ts'
import { createOwnTools } from '../own-tools.ts'
import { createTestMcp, testPrincipal, testProfile, type TestMcp } from '../testing.ts'
import type { View } from '../lists/views.ts'

const NAME = 'peta__approval_status'
const statusOf = (state: ApprovalState): ApprovalStatus => ({
  approvalId: 'apr_1',
  state,
  expiresAtMs: 60_000,
  retryAfterMs: 0,
  leftMs: 60_000,
})
const toolFor = (state?: ApprovalState) =>
  approvalTool({
    progress: async ({ agent }, id) =>
      state && agent.id === testPrincipal.agent.id && id === 'APR-1' ? statusOf(state) : undefined,
  })

async function ask(state: ApprovalState | undefined, id = 'APR-1', principal = testPrincipal) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the tool looks at no view
  const view = {} as View
  return toolFor(state).answer({ principal, view, args: { id } }, new AbortController().signal)
}

async function legacyNames(mcp: TestMcp, profile?: typeof testProfile): Promise<string> {
  const signal = new AbortController().signal
  const caller = { principal: testPrincipal, ...(profile && { profile }) }
  const post = (body: object, headers: Record<string, string>) =>
    mcp.handle(
      {
        ...caller,
        body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, ...body })),
        headers,
        clientIp: '',
        viewer: () => caller,
      },
      { notify() {} },
      signal,
    )
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x' } }
  const { sessionId = '' } = await post({ method: 'initialize', params: hello }, {})
  const { body } = await post({ method: 'tools/list' }, { 'mcp-session-id': sessionId })
  return String(body)
}

describe('peta__approval_status (MCP-136, APR-44)', () => {
  const mcp = createTestMcp({ ownTools: createOwnTools([toolFor('PENDING')]) })

  it('is listed for clients that have no other way to wait on', async () => {
    expect(await legacyNames(mcp)).toContain(NAME)
    expect(await legacyNames(mcp, testProfile)).not.toContain(NAME)
    expect(String((await mcp.ask('tools/list')).body)).not.toContain(NAME)
  })

  it.each([
    ['PENDING', 'Pending approval APR-1.'],
    ['APPROVED', 'Approval APR-1 was approved. Call the same tool again'],
    ['EXPIRED', 'Approval APR-1 expired'],
  ] as const)('tells that an approval is %s, and what to do', async (state, text) => {
    const { text: said, structured, isError } = await ask(state)
    expect(said).toContain(text)
    expect(structured).toEqual({ id: 'apr_1', state, expiresAt: '1970-01-01T00:01:00.000Z' })
    expect(isError).toBeUndefined()
  })

  it('knows of nobody’s approvals but the caller’s own', async () => {
    const other = { ...testPrincipal, agent: { ...testPrincipal.agent, id: 'agt_2' } }
    const foreign = await ask('PENDING', 'APR-1', other)
    expect(foreign).toEqual({ text: 'You have no approval APR-1.', isError: true })
    expect(await ask(undefined)).toEqual(foreign)
  })
})
