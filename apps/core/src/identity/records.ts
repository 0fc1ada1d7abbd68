import type { Role } from '../model/principal.ts'

/** What is kept of people, groups, agents and tokens, without anything secret but the hashes. */

export type Status = 'active' | 'suspended'

export type UserRecord = Readonly<{
  id: string
  email: string
  name: string
  role: Role
  status: Status
}>

export type GroupRecord = Readonly<{ name: string; members: readonly string[] }>

export type AgentRecord = Readonly<{
  id: string
  workspaceId: string
  name: string
  ownership: 'user' | 'workspace'
  /** The owner; for an agent of the workspace the person who answers for it. */
  ownerId: string
  labels: readonly string[]
  status: Status
  createdAtMs: number
}>

export type TokenRecord = Readonly<{
  id: string
  workspaceId: string
  agentId: string
  resource: string
  hash: Uint8Array
  createdAtMs: number
  expiresAtMs: number
  /** May lie ahead: a rotation lets the old token go on for a while. */
  revokedAtMs: number | undefined
  lastUsedAtMs: number | undefined
}>

export const tokenState = (
  { expiresAtMs, revokedAtMs }: Pick<TokenRecord, 'expiresAtMs' | 'revokedAtMs'>,
  nowMs: number,
): 'active' | 'expired' | 'revoked' => {
  if (revokedAtMs !== undefined && nowMs >= revokedAtMs) return 'revoked'
  return nowMs >= expiresAtMs ? 'expired' : 'active'
}
