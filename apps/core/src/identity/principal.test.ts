import { expect, it } from 'vitest'

import type { WorkspaceDirectory } from './directory.ts'
import { principalOf } from './principal.ts'
import type { AgentRecord, Status, TokenRecord, UserRecord } from './records.ts'

const token: TokenRecord = {
  id: 'tok_1',
  workspaceId: 'wsp_1',
  agentId: 'agt_1',
  resource: 'mcp',
  hash: new Uint8Array(32),
  createdAtMs: 0,
  expiresAtMs: 1,
  revokedAtMs: undefined,
  lastUsedAtMs: undefined,
}
const anAgent = (over: Partial<AgentRecord> = {}): AgentRecord => ({
  id: 'agt_1',
  workspaceId: 'wsp_1',
  name: 'assistant',
  ownership: 'user',
  ownerId: 'usr_1',
  labels: [],
  status: 'active',
  createdAtMs: 0,
  ...over,
})
const aUser = (status: Status): UserRecord => ({
  id: 'usr_1',
  email: 'ana@example.com',
  name: 'Ana',
  role: 'member',
  status,
})
const directory = (
  agent: AgentRecord | undefined,
  user: UserRecord | undefined,
): WorkspaceDirectory => ({
  users: () => [],
  user: () => user,
  groups: () => [],
  groupsOf: () => [],
  agents: () => [],
  agent: () => agent,
  tokensOf: () => [],
})

it('lets an agent of a person act only while that person may (IDN-7)', () => {
  expect(principalOf(token, directory(anAgent(), aUser('active')))).toMatchObject({ user: {} })
  expect(principalOf(token, directory(anAgent(), aUser('suspended')))).toBeUndefined()
  expect(principalOf(token, directory(anAgent(), undefined))).toBeUndefined()
})

it('lets an agent of the workspace act whoever answers for it', () => {
  const shared = anAgent({ ownership: 'workspace' })
  expect(principalOf(token, directory(shared, aUser('suspended')))).not.toHaveProperty('user')
})

it('lets no suspended or unknown agent act', () => {
  const active = aUser('active')
  expect(principalOf(token, directory(anAgent({ status: 'suspended' }), active))).toBeUndefined()
  expect(principalOf(token, directory(undefined, active))).toBeUndefined()
})
