import { GroupName } from '@peta/contract'

import { CoreError } from '../ground/errors.ts'
import type { Identity } from '../identity/identity.ts'
import { tokenState, type AgentRecord, type TokenRecord } from '../identity/records.ts'
import { profileOf } from '../identity/resource.ts'
import type { TokenSecret } from '../identity/tokens.ts'
import type { AdminCommands } from './command.ts'
import { pageOf } from './page.ts'

export type PeopleParts = Readonly<{
  identity: Pick<Identity, 'directory' | 'changes' | 'tokens'>
  isProfile: (workspaceId: string, name: string) => boolean
  nowMs: () => number
}>

type Names =
  | 'users.list'
  | 'groups.list'
  | 'groups.put'
  | 'agents.list'
  | 'agents.create'
  | 'agents.change'
  | 'tokens.list'
  | 'tokens.issue'
  | 'tokens.rotate'
  | 'tokens.revoke'

type TokenNames = Extract<Names, `tokens.${string}`>

const MS_PER_S = 1000

/** People, groups, agents and their tokens. */
export function peopleCommands(parts: PeopleParts): Pick<AdminCommands, Names> {
  const { directory, changes } = parts.identity
  return {
    ...tokenCommands(parts),

    async 'users.list'({ person, query }) {
      const workspace = directory.workspace(person.workspaceId)
      const { items, next } = pageOf(workspace.users(), (user) => user.id, query)
      const users = items.map((user) => ({ ...user, groups: [...workspace.groupsOf(user.id)] }))
      return { items: users, ...(next && { next }) }
    },

    async 'groups.list'({ person, query }) {
      const groups = directory.workspace(person.workspaceId).groups()
      const { items, next } = pageOf(groups, (group) => group.name, query)
      return { items: items.map(groupView), ...(next && { next }) }
    },

    async 'groups.put'({ person, params, body }) {
      return groupView(await changes.putGroup(person, groupName(params.group), body.members))
    },

    async 'agents.list'({ person, query }) {
      const agents = directory.workspace(person.workspaceId).agents()
      const { items, next } = pageOf(agents, (agent) => agent.id, query)
      return { items: items.map(agentView), ...(next && { next }) }
    },

    async 'agents.create'({ person, body }) {
      const agents = directory.workspace(person.workspaceId).agents()
      if (agents.some(({ name }) => name === body.name)) {
        throw new CoreError('already_exists', { what: 'name', name: body.name })
      }
      return agentView(await changes.createAgent(person, body))
    },

    async 'agents.change'({ person, params, body: { status, labels } }) {
      const change = { ...(status && { status }), ...(labels && { labels }) }
      return agentView(await changes.changeAgent(person, params.agent, change))
    },
  }
}

function tokenCommands(parts: PeopleParts): Pick<AdminCommands, TokenNames> {
  const { identity, nowMs, isProfile } = parts
  const { directory, tokens } = identity
  const view = (record: TokenRecord) => tokenView(record, nowMs())
  const secretView = ({ token, record }: TokenSecret) => ({ ...view(record), token })

  return {
    async 'tokens.list'({ person, params, query }) {
      const workspace = directory.workspace(person.workspaceId)
      if (!workspace.agent(params.agent)) throw new CoreError('not_found')
      const all = workspace.tokensOf(params.agent)
      const { items, next } = pageOf(all, (token) => token.id, query)
      return { items: items.map(view), ...(next && { next }) }
    },

    async 'tokens.issue'({ person, params, body: { lifeSeconds, profile } }) {
      const { workspaceId } = person
      if (!directory.workspace(workspaceId).agent(params.agent)) throw new CoreError('not_found')
      if (profile !== undefined && !isProfile(workspaceId, profile)) {
        throw new CoreError('invalid_request', { problem: 'profile: name one that there is.' })
      }
      const terms = { lifeMs: lifeSeconds * MS_PER_S, ...(profile !== undefined && { profile }) }
      return secretView(await tokens.issue(person, params.agent, terms))
    },

    async 'tokens.rotate'({ person, params, body }) {
      const key = { agentId: params.agent, tokenId: params.token }
      const terms = {
        overlapMs: body.overlapSeconds * MS_PER_S,
        ...(body.lifeSeconds && { lifeMs: body.lifeSeconds * MS_PER_S }),
      }
      return secretView(await tokens.rotate(person, key, terms))
    },

    async 'tokens.revoke'({ person, params }) {
      await tokens.revoke(person, { agentId: params.agent, tokenId: params.token })
      return undefined
    },
  }
}

/** @throws CoreError `invalid_request` */
function groupName(text: string): string {
  const parsed = GroupName.safeParse(text)
  if (parsed.success) return parsed.data
  throw new CoreError('invalid_request', { problem: `group: ${parsed.error.issues[0]?.message}` })
}

const groupView = (group: { name: string; members: readonly string[] }) => ({
  name: group.name,
  members: [...group.members],
})

const agentView = (agent: AgentRecord) => ({
  id: agent.id,
  name: agent.name,
  ownership: agent.ownership,
  ownerId: agent.ownerId,
  labels: [...agent.labels],
  status: agent.status,
  createdAt: agent.createdAtMs,
})

const tokenView = ({ resource, ...token }: TokenRecord, nowMs: number) => ({
  id: token.id,
  agentId: token.agentId,
  state: tokenState(token, nowMs),
  createdAt: token.createdAtMs,
  expiresAt: token.expiresAtMs,
  ...(token.lastUsedAtMs !== undefined && { lastUsedAt: token.lastUsedAtMs }),
  ...(profileOf(resource) !== undefined && { profile: profileOf(resource) }),
})
