import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import type { ApprovalStatus } from '../../model/approval.ts'
import type { Call, Wait } from '../../model/call.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import type { McpReply } from '../outcome.ts'
import {
  createTestMcp,
  modernMeta,
  serverResult,
  testPrincipal,
  type AskOptions,
  type TestMcp,
} from '../testing.ts'

const echo = { name: 'files__echo', arguments: { text: 'hi' } }
const status = {
  approvalId: 'apr_1',
  state: 'PENDING',
  expiresAtMs: 900_000,
  retryAfterMs: 15_000,
  leftMs: 14 * 60_000 - 1,
} as const satisfies ApprovalStatus
const PENDING: GovernedOutcome = { state: 'pending', status }

const visiting = {
  ...modernMeta,
  'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } },
}

const Result = z.object({
  result: z.looseObject({
    resultType: z.string(),
    isError: z.boolean().default(false),
    requestState: z.string().default(''),
    inputRequests: z.unknown().optional(),
    content: z.array(z.object({ text: z.string() })).default([]),
  }),
})
const resultOf = ({ body }: McpReply) => Result.parse(JSON.parse(String(body))).result

/** People decide when the test says so; what the governed call was given is kept. */
function undecided() {
  let outcome: GovernedOutcome = PENDING
  const waits: (Wait | undefined)[] = []
  const calls: Call[] = []
  const mcp = createTestMcp({}, async (call, outlet) => {
    waits.push(outlet.wait)
    calls.push(call)
    return outcome
  })
  return { mcp, waits, calls, decide: (now: GovernedOutcome) => void (outcome = now) }
}

const retry = (mcp: TestMcp, requestState: string, options: AskOptions = {}, more: object = {}) =>
  mcp.ask('tools/call', { ...echo, requestState, ...more }, options)

/** Comes back until it is told something else; how often, and what that was. */
async function goRound(mcp: TestMcp, options: AskOptions) {
  let result = resultOf(await mcp.ask('tools/call', echo, options))
  let rounds = 0
  while (result.resultType === 'input_required') {
    rounds += 1
    result = resultOf(await retry(mcp, result.requestState, options))
  }
  return { rounds, result }
}

describe('a modern client without tasks whose call waits for people (MCP-136)', () => {
  it('is given an address for its user and comes back with the state', async () => {
    const { mcp, waits, calls, decide } = undecided()
    const first = resultOf(await mcp.ask('tools/call', echo, { meta: visiting }))
    expect(first).toMatchObject({
      resultType: 'input_required',
      inputRequests: {
        approval: {
          method: 'elicitation/create',
          params: {
            mode: 'url',
            url: 'https://peta.test/approvals#apr_1',
            message: 'Waiting for approval APR-1 (14 min left)',
          },
        },
      },
    })
    decide(serverResult({ content: [{ type: 'text', text: 'done' }] }))
    const inputResponses = { approval: { action: 'accept' } }
    const last = await retry(mcp, first.requestState, { meta: visiting }, { inputResponses })
    expect(resultOf(last)).toMatchObject({ resultType: 'complete', content: [{ text: 'done' }] })
    expect(waits.map((wait) => wait?.approvalId)).toEqual([undefined, 'apr_1'])
    expect(String(calls[1]?.frame.bytes)).not.toMatch(/requestState|inputResponses/)
  })

  it('is given a state alone where its user cannot be asked for a visit', async () => {
    const { mcp } = undecided()
    const form = { ...visiting, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
    const result = resultOf(await mcp.ask('tools/call', echo, { meta: form }))
    expect(result).toMatchObject({ resultType: 'input_required' })
    expect(result.inputRequests).toBeUndefined()
  })

  it.each([
    ['8 times with a visit', visiting, 8],
    ['4 times without', modernMeta, 4],
  ])('is sent to wait %s, then told what it waits for (APR-40)', async (_, meta, times) => {
    const { rounds, result } = await goRound(undecided().mcp, { meta })
    expect(rounds).toBe(times)
    expect(result).toMatchObject({ isError: true })
    expect(result.content[0]?.text).toContain('Pending approval APR-1')
  })

  it('is not sent round again when its user did not want the address', async () => {
    const { mcp } = undecided()
    const first = resultOf(await mcp.ask('tools/call', echo, { meta: visiting }))
    const inputResponses = { approval: { action: 'decline' } }
    const last = await retry(mcp, first.requestState, { meta: visiting }, { inputResponses })
    expect(resultOf(last)).toMatchObject({ resultType: 'complete', isError: true })
  })

  it('decides nothing by what it answers: only people who vote do (APR-41)', async () => {
    const { mcp } = undecided()
    const first = resultOf(await mcp.ask('tools/call', echo, { meta: visiting }))
    const inputResponses = { approval: { action: 'accept', content: { approved: true } } }
    const next = await retry(mcp, first.requestState, { meta: visiting }, { inputResponses })
    expect(resultOf(next)).toMatchObject({ resultType: 'input_required' })
  })

  it.each([
    ['another agent', {}, { agent: { ...testPrincipal.agent, id: 'agt_2' } }],
    ['another call', { arguments: { text: 'more' } }, {}],
  ])('has a state that is worth nothing to %s (APR-42)', async (_, params, over) => {
    const { mcp, calls } = undecided()
    const { requestState } = resultOf(await mcp.ask('tools/call', echo))
    const principal = { ...testPrincipal, ...over }
    const { body } = await retry(mcp, requestState, { principal }, params)
    expect(JSON.parse(String(body))).toMatchObject({ error: { code: -32_602 } })
    expect(calls).toHaveLength(1)
  })
})

describe('a client that is held (MCP-130, MCP-136)', () => {
  it('is told what it waits for by its own token, and then of its server in order', async () => {
    const frames: unknown[] = []
    const ticks: (() => void)[] = []
    const timers = {
      after: () => ({ [Symbol.dispose]() {} }),
      every(_ms: number, run: () => void) {
        ticks.push(run)
        return { [Symbol.dispose]: () => void ticks.splice(ticks.indexOf(run), 1) }
      },
    }
    const before = ticks.length
    const mcp = createTestMcp({ timers }, async (_call, { wait, notify }) => {
      {
        using told = wait?.pending(status)
        void told
        for (const tick of ticks.slice(before)) tick()
      }
      for (const progress of [0, 1]) {
        const params = { progressToken: 'its own', progress }
        notify(
          Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })),
        )
      }
      return serverResult({ content: [] })
    })
    const meta = { ...modernMeta, progressToken: 'its own' }
    const outlet = { notify: (frame: Buffer) => void frames.push(JSON.parse(String(frame)).params) }
    await mcp.ask('tools/call', echo, { meta, outlet })
    const values = frames.map((frame) => z.object({ progress: z.number() }).parse(frame).progress)
    expect(values).toEqual(values.toSorted((a, b) => a - b))
    expect(new Set(values).size).toBe(values.length)
    expect(frames).toMatchObject([
      { progressToken: 'its own', message: 'Waiting for approval APR-1 (14 min left)' },
      { progressToken: 'its own', message: expect.stringContaining('min left') },
      { progressToken: 'its own', progress: 1 },
    ])
  })

  it('is told nothing without a token', async () => {
    const frames: Buffer[] = []
    const mcp = createTestMcp({}, async (_call, { wait }) => {
      wait?.pending(status)
      return serverResult({ content: [] })
    })
    await mcp.ask('tools/call', echo, { outlet: { notify: (frame) => void frames.push(frame) } })
    expect(frames).toEqual([])
  })
})
