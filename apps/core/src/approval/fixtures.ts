import type { ApprovalClaim } from '../model/approval.ts'
import type { Call, CallResult } from '../model/call.ts'
import type { CallClearance } from '../model/clearance.ts'
import type { ApprovalTerms, Decision } from '../model/decision.ts'
import type { Person, Principal, Role } from '../model/principal.ts'
import type { CatalogueItem } from '../model/server.ts'
import type { Voter } from './eligibility.ts'
import type { Intent } from './open.ts'

/** What tests of approvals speak about: Rita's agent wants to pay; Ana and Ben may decide. */

export const WORKSPACE = 'wsp_0'
export const never: AbortSignal = new AbortController().signal

export const terms = (overrides: Partial<ApprovalTerms> = {}): ApprovalTerms => ({
  approvers: [],
  quorum: 1,
  decideByMs: 15 * 60_000,
  executeByMs: 5 * 60_000,
  remember: 'none',
  edit: [],
  stepUp: 'none',
  comment: 'optional',
  ...overrides,
})

export const decision = (
  overrides: Partial<Decision> = {},
  asked: Partial<ApprovalTerms> = {},
): Decision => ({
  effect: 'require_approval',
  reason: 'rules',
  policyVersion: 1,
  matched: [
    {
      rule: 'writes-ask',
      effect: 'require_approval',
      gate: false,
      guardrail: false,
      errored: false,
    },
  ],
  shadow: [],
  obligations: { approval: terms(asked) },
  ...overrides,
})

export const voter = (userId: string, role: Role, ...groups: string[]): Voter => ({
  userId,
  email: `${userId}@example.test`,
  role,
  groups,
})

export const person = (userId: string, role: Role = 'admin'): Person => ({
  workspaceId: WORKSPACE,
  userId,
  email: `${userId}@example.test`,
  name: userId,
  role,
  groups: [],
  sessionId: 'ses_0',
})

export const principal = (overrides: Partial<Principal> = {}): Principal => ({
  workspaceId: WORKSPACE,
  user: {
    id: 'usr_rita',
    email: 'rita@example.test',
    groups: [],
    roles: ['member'],
    mfa: false,
  },
  agent: {
    id: 'agt_0',
    name: 'Rita’s agent',
    ownerId: 'usr_rita',
    labels: ['owned'],
    client: 'test',
    kind: 'service',
  },
  tokenId: 'tok_0',
  scopeKey: 's',
  ...overrides,
})

export const tool = (overrides: Partial<CatalogueItem> = {}): CatalogueItem => ({
  serverId: 'srv_0',
  kind: 'tool',
  name: 'pay',
  exposed: 'bank__pay',
  definition: '{}',
  pin: 'pin-1',
  state: 'accepted',
  labels: ['write'],
  risk: 40,
  ...overrides,
})

export function call(
  args: unknown = { amount: 5, to: 'Zoe' },
  overrides: Partial<Call> = {},
): Call {
  return {
    id: 'call_0',
    workspaceId: WORKSPACE,
    action: 'tool.call',
    method: 'tools/call',
    server: { id: 'srv_0', slug: 'bank', labels: [], transport: 'stdio' },
    item: tool(),
    name: 'pay',
    args,
    frame: {
      bytes: Buffer.from('{}'),
      method: 'tools/call',
      params: { name: 'bank__pay', arguments: args },
      spans: {},
    },
    clientEra: 'legacy',
    clientIp: '127.0.0.1',
    receivedAtMs: 0,
    ...overrides,
  }
}

export const intentOf = (overrides: Partial<Intent> = {}): Intent => ({
  principal: principal(),
  call: call(),
  decision: decision(),
  ...overrides,
})

/** A call that comes back for an approval by name. */
export function callFor(approvalId: string): Call {
  const plain = call()
  const params = { ...plain.frame.params, _meta: { 'io.peta/approval': { id: approvalId } } }
  return { ...plain, frame: { ...plain.frame, params } }
}

export function clearance(claim: ApprovalClaim | undefined, intent = intentOf()): CallClearance {
  const { principal: who, call: what } = intent
  const parts = { purpose: 'call', principal: who, call: what, ...(claim && { claim }) }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- stands in for gateway/clear.ts
  return parts as CallClearance
}

export function claimIn(answer: unknown): ApprovalClaim {
  if (typeof answer === 'object' && answer !== null && 'fence' in answer) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only a claim has a fence
    return answer as ApprovalClaim
  }
  throw new Error(`no claim but ${JSON.stringify(answer)}`)
}

export const result = (
  text = '{"jsonrpc":"2.0","id":1,"result":{}}',
  isError = false,
): CallResult => ({
  bytes: Buffer.from(text),
  serverEra: 'legacy',
  isError,
})
