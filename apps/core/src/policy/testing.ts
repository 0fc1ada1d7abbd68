import type { Call } from '../model/call.ts'
import type { Principal } from '../model/principal.ts'
import type { CatalogueItem, ServerRef } from '../model/server.ts'
import { createConditions, type CompileCondition } from './cel/program.ts'
import { compilePolicy, type CompiledPolicy } from './compile.ts'
import type { Question } from './decide.ts'
import { Rule, type RuleVars } from './rule.ts'
import type { Surroundings } from './surroundings.ts'

/** Small builders with overrides, for tests. */

export const stripe: ServerRef = { id: 'srv_1', slug: 'stripe', labels: [], transport: 'http' }

export const payout: CatalogueItem = {
  serverId: 'srv_1',
  kind: 'tool',
  name: 'create_payout',
  exposed: 'stripe__create_payout',
  definition: JSON.stringify({
    name: 'create_payout',
    inputSchema: {
      type: 'object',
      properties: {
        amount: { type: 'number' },
        memo: { type: 'string' },
        currency: { type: 'string', enum: ['eur', 'usd'] },
        destinations: { type: 'array', items: { type: 'string' } },
      },
    },
  }),
  pin: 'p1',
  state: 'accepted',
  labels: ['write'],
  risk: 40,
}

export const item = (over: Partial<CatalogueItem> = {}): CatalogueItem => ({ ...payout, ...over })

export const ana: Principal = {
  workspaceId: 'ws_1',
  user: {
    id: 'usr_ana',
    email: 'ana@corp.test',
    groups: ['finance'],
    roles: ['member'],
    mfa: true,
  },
  agent: {
    id: 'agt_1',
    name: 'claude',
    ownerId: 'usr_ana',
    labels: ['owned'],
    client: 'claude',
    kind: 'connection',
  },
  tokenId: 'tok_1',
  scopeKey: 'ana+agt_1',
}

/** An agent that a workspace owns: nobody stands behind it. */
export const robot: Principal = {
  workspaceId: 'ws_1',
  agent: { ...ana.agent, id: 'agt_bot', name: 'bot', labels: [], client: 'cron', kind: 'service' },
  tokenId: 'tok_2',
  scopeKey: 'agt_bot',
}

export const call = (over: Partial<Call> = {}): Call => ({
  id: 'call_1',
  workspaceId: 'ws_1',
  action: 'tool.call',
  method: 'tools/call',
  server: stripe,
  item: payout,
  name: payout.name,
  args: {},
  frame: { bytes: Buffer.alloc(0), method: 'tools/call', params: {}, spans: {} },
  clientEra: 'modern',
  clientIp: '10.1.2.3',
  receivedAtMs: 0,
  ...over,
})

export const question = (over: Partial<Question> = {}): Question => ({
  principal: ana,
  call: call(),
  facts: { nowMs: Date.UTC(2026, 10, 23, 9, 30) },
  ...over,
})

type RuleOver = Partial<Omit<ReturnType<typeof Rule.parse>, 'scope'>> &
  Readonly<{ scope?: Partial<Rule['scope']> }>

let made = 0

/** An allow for everyone and all tools, until overridden. */
export const rule = ({ scope, ...over }: RuleOver = {}): Rule => ({
  ...Rule.parse({
    id: `r${(made += 1)}`,
    scope: { principals: ['any'], actions: ['tool.call'], resources: ['any'], ...scope },
    effect: 'allow',
  }),
  ...over,
})

const conditions: { compile?: CompileCondition } = {}

export const compileCondition: CompileCondition = (expression) =>
  (conditions.compile ??= createConditions())(expression)

export const policyOf = (rules: readonly Rule[], vars: RuleVars = {}): CompiledPolicy =>
  compilePolicy(1, { rules, vars }, compileCondition)

export const around: Surroundings = {
  catalogue: [{ server: stripe, item: payout }],
  directory: {
    users: ['usr_ana'],
    groups: [
      { name: 'finance', members: 3 },
      { name: 'fin-leads', members: 2 },
      { name: 'empty', members: 0 },
    ],
    roles: ['owner', 'admin', 'approver', 'auditor', 'member'],
    agents: ['agt_1'],
    clients: ['claude'],
    agentLabels: [],
    administrators: 1,
  },
  previous: { rules: [], vars: {} },
}
