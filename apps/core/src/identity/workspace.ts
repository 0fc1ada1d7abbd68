import { roles, type Role } from '@peta/contract'

import type { queries } from '../store/operations.ts'
import type { ResultOf } from '../store/operation.ts'
import type { AgentRecord, GroupRecord, Status, TokenRecord, UserRecord } from './records.ts'

/** The people and agents of one workspace, in memory. */
export type Workspace = Readonly<{
  id: string
  epoch: number
  users: ReadonlyMap<string, UserRecord>
  groups: ReadonlyMap<string, GroupRecord>
  groupsOf: ReadonlyMap<string, readonly string[]>
  agents: ReadonlyMap<string, AgentRecord>
}>

type Changes = ResultOf<(typeof queries)['identity.changes']>

export const emptyWorkspace = (id: string): Workspace => ({
  id,
  epoch: 0,
  users: new Map(),
  groups: new Map(),
  groupsOf: new Map(),
  agents: new Map(),
})

/** The workspace after some records changed; records are replaced, never removed. */
export function applyChanges(before: Workspace, changes: Changes): Workspace {
  const groups = merge(before.groups, groupsFrom(changes.groups), (group) => group.name)
  const agents = changes.agents.map((row): AgentRecord => ({
    id: row.id,
    workspaceId: before.id,
    name: row.name,
    ownership: row.ownership === 'user' ? 'user' : 'workspace',
    ownerId: row.owner_id,
    labels: row.labels,
    status: statusOf(row.status),
    createdAtMs: row.created_at,
  }))
  const users = changes.users.map(({ id, email, name, role, status }): UserRecord => ({
    id,
    email,
    name,
    role: roleOf(role),
    status: statusOf(status),
  }))
  return {
    id: before.id,
    epoch: changes.epoch,
    users: merge(before.users, users, byId),
    groups,
    groupsOf: invert(groups.values()),
    agents: merge(before.agents, agents, byId),
  }
}

export const tokensFrom = (workspaceId: string, changes: Changes): readonly TokenRecord[] =>
  changes.tokens.map((row) => ({
    id: row.id,
    workspaceId,
    agentId: row.agent_id,
    resource: row.resource,
    hash: row.hash,
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
    revokedAtMs: row.revoked_at ?? undefined,
    lastUsedAtMs: row.last_used_at ?? undefined,
  }))

const byId = ({ id }: Readonly<{ id: string }>): string => id

function merge<T>(
  before: ReadonlyMap<string, T>,
  changed: readonly T[],
  keyOf: (record: T) => string,
): ReadonlyMap<string, T> {
  if (changed.length === 0) return before
  return new Map([...before, ...changed.map((record) => [keyOf(record), record] as const)])
}

/** One row per member, or one without a member for an empty group. */
function groupsFrom(rows: Changes['groups']): readonly GroupRecord[] {
  const members = Map.groupBy(rows, (row) => row.name)
  return [...members].map(([name, own]) => ({
    name,
    members: own.flatMap((row) => (row.user_id === null ? [] : [row.user_id])),
  }))
}

function invert(groups: Iterable<GroupRecord>): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>()
  for (const { name, members } of groups) {
    for (const member of members) names.set(member, [...(names.get(member) ?? []), name].toSorted())
  }
  return names
}

/** An unknown status is no reason to let someone in. */
const statusOf = (status: string): Status => (status === 'active' ? 'active' : 'suspended')

/** An unknown role is the one with the fewest rights. */
const roleOf = (text: string): Role => roles.find((role) => role === text) ?? 'member'
