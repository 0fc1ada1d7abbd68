import type { Call } from '../model/call.ts'
import type { Decision } from '../model/decision.ts'
import type { Principal } from '../model/principal.ts'
import type { CatalogueItem } from '../model/server.ts'
import type { Intent } from './call-events.ts'

/** Builders of calls for the tests of this folder. */

export const anItem = (over: Partial<CatalogueItem> = {}): CatalogueItem => ({
  serverId: 'srv_1',
  kind: 'tool',
  name: 'refund',
  exposed: 'stripe__refund',
  definition: '{}',
  pin: 'ab'.repeat(32),
  state: 'accepted',
  labels: ['write'],
  risk: 40,
  ...over,
})

export const aPrincipal = (over: Partial<Principal> = {}): Principal => ({
  workspaceId: 'wsp_1',
  user: {
    id: 'usr_1',
    email: 'ana@example.com',
    groups: ['support'],
    roles: ['member'],
    mfa: false,
  },
  agent: {
    id: 'agt_1',
    name: 'Ana’s assistant',
    ownerId: 'usr_1',
    labels: ['owned'],
    client: 'desk',
    kind: 'service',
  },
  tokenId: 'tok_1',
  scopeKey: 'k',
  ...over,
})

export const aCall = (over: Partial<Call> = {}): Call => ({
  id: 'cal_1',
  workspaceId: 'wsp_1',
  action: 'tool.call',
  method: 'tools/call',
  server: { id: 'srv_1', slug: 'stripe', labels: [], transport: 'http' },
  item: anItem(),
  name: 'refund',
  args: { amount: 12, note: 'canary-argument' },
  frame: {
    bytes: Buffer.from('canary-frame'),
    id: 7,
    method: 'tools/call',
    params: { name: 'refund' },
    spans: { arguments: [10, 52] },
  },
  clientEra: 'modern',
  clientIp: '203.0.113.9',
  receivedAtMs: 0,
  ...over,
})

export const aDecision = (over: Partial<Decision> = {}): Decision => ({
  effect: 'allow',
  reason: 'rules',
  policyVersion: 3,
  matched: [{ rule: 'refunds', effect: 'allow', gate: false, guardrail: false, errored: false }],
  shadow: [],
  obligations: {},
  ...over,
})

export const anIntent = (over: Partial<Intent> = {}): Intent => ({
  principal: aPrincipal(),
  call: aCall(),
  decision: aDecision(),
  ...over,
})
