import { describe, expect, it } from 'vitest'

import type { Call } from '../../model/call.ts'
import type { Decision } from '../../model/decision.ts'
import type { Principal } from '../../model/principal.ts'
import type { CatalogueItem } from '../../model/server.ts'
import { decide } from '../../policy/decide.ts'
import { createDecisionCache } from '../../policy/decision-cache.ts'
import { ana, policyOf, robot, rule } from '../../policy/testing.ts'
import { createTestMcp, modernMeta, serverResult, snapshotOf, testItem } from '../testing.ts'

const tool = (more: object = {}, over: Partial<CatalogueItem> = {}): CatalogueItem =>
  testItem('tool', { name: 'pay', inputSchema: { type: 'object' }, ...more }, over)

const rules = [
  rule({ id: 'desk-runs', scope: { principals: ['client:trusted-client'] } }),
  rule({ id: 'reads-run', scope: { resources: ['label:read'] } }),
  rule({ id: 'small-runs', when: 'args.amount < 10', scope: { resources: ['label:write'] } }),
]

type Saying = Readonly<{
  item?: CatalogueItem
  meta?: object
  headers?: Record<string, string>
  amount?: number
  principal?: Principal
}>

/** What the rules say to a call of `pay`. */
async function judge({
  item = tool(),
  meta = {},
  headers = {},
  amount = 100,
  principal = ana,
}: Saying) {
  const judged: Readonly<{ call: Call; decision: Decision }>[] = []
  const snapshot = snapshotOf([item])
  const policy = policyOf(rules)
  const mcp = createTestMcp({
    catalogue: () => snapshot,
    isListed: () => true,
    async governedCall(caller, call) {
      const question = { principal: caller, call, facts: { nowMs: 0 } }
      judged.push({ call, decision: decide(policy, question, createDecisionCache()) })
      return serverResult({ content: [] })
    },
  })
  await mcp.ask(
    'tools/call',
    { name: 'files__pay', arguments: { amount } },
    { principal, meta: { ...modernMeta, ...meta }, headers },
  )
  return judged.map(({ call, decision }) => ({ effect: decision.effect, args: call.args }))
}

const denied = [{ effect: 'deny', args: { amount: 100 } }]

/** An agent that nobody stands behind, so that a rule about the client alone decides. */
const agentOf = (client: string): Principal => ({ ...robot, agent: { ...robot.agent, client } })

describe('a decision (MCP-5)', () => {
  it('knows an agent by our record, not by what its client says it is', async () => {
    const clientInfo = { name: 'trusted-client', title: 'trusted-client', version: '1' }
    const meta = { 'io.modelcontextprotocol/clientInfo': clientInfo }
    const headers = { 'user-agent': 'trusted-client', 'mcp-client': 'trusted-client' }
    expect(await judge({ meta, headers, principal: agentOf('other') })).toEqual(denied)
    expect(await judge({ principal: agentOf('trusted-client') })).toMatchObject([
      { effect: 'allow' },
    ])
  })

  it.each([
    ['annotations', { annotations: { readOnlyHint: true, destructiveHint: false, title: 'read' } }],
    ['a title and icons', { title: 'label:read', icons: [{ src: 'https://a/read.png' }] }],
    [
      'labels of its own',
      { labels: ['read'], _meta: { labels: ['read'], 'io.peta/labels': ['read'] } },
    ],
    ['a serverInfo', { _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'read' } } }],
  ])('takes no label from a server that sends %s', async (_, definition) => {
    expect(await judge({ item: tool(definition) })).toEqual(denied)
    const confirmed = tool(definition, { labels: ['read'] })
    expect(await judge({ item: confirmed })).toMatchObject([{ effect: 'allow' }])
  })

  it('reads arguments from the body, whatever headers say of them', async () => {
    const item = tool({}, { labels: ['write'] })
    const headers = {
      'mcp-param-amount': '1',
      'mcp-arguments': '{"amount":1}',
      'mcp-label': 'read',
    }
    expect(await judge({ item, headers })).toEqual(denied)
    expect(await judge({ item, amount: 1 })).toMatchObject([{ effect: 'allow' }])
  })

  it.each([
    ['Mcp-Name', { 'mcp-name': 'files__other' }],
    ['Mcp-Method', { 'mcp-method': 'tools/list' }],
  ])('is not made of a call whose %s says something else', async (_, headers) => {
    expect(await judge({ headers })).toEqual([])
  })
})
