import { sha256Hex } from '../crypto/digest.ts'
import type { AgentFacet, Principal, UserFacet } from '../model/principal.ts'
import type { WorkspaceDirectory } from './directory.ts'
import type { AgentRecord, TokenRecord } from './records.ts'

/** The label that every agent of a person has without being given it. */
const OWNED = 'owned'

/** Who a token speaks for now, or nothing when its agent, or the person who owns the agent, may not act (IDN-7). */
export const principalOf = (
  token: TokenRecord,
  directory: WorkspaceDirectory,
): Principal | undefined => principalOfAgent({ ...token, tokenId: token.id }, directory)

/** The same for an agent of which no token was shown, as when the rules are asked about it. */
export function principalOfAgent(
  {
    workspaceId,
    agentId,
    tokenId,
  }: Readonly<{ workspaceId: string; agentId: string; tokenId: string }>,
  directory: WorkspaceDirectory,
): Principal | undefined {
  const agent = directory.agent(agentId)
  if (agent?.status !== 'active') return undefined
  const facet = agentFacet(agent)
  const start = { workspaceId, agent: facet, tokenId }
  if (agent.ownership === 'workspace') return { ...start, scopeKey: scopeKeyOf(facet) }

  const owner = directory.user(agent.ownerId)
  if (owner?.status !== 'active') return undefined
  const user = {
    id: owner.id,
    email: owner.email,
    groups: directory.groupsOf(owner.id),
    roles: [owner.role],
    mfa: false,
  }
  return { ...start, user, scopeKey: scopeKeyOf(facet, user) }
}

const agentFacet = ({ id, name, ownership, ownerId, labels }: AgentRecord): AgentFacet => ({
  id,
  name,
  ownerId,
  labels: ownership === 'user' ? [...labels, OWNED] : labels,
  client: name,
  kind: 'service',
})

/** Over everything a rule can name (POL-21); tokens of one agent share it. */
const scopeKeyOf = (agent: AgentFacet, user?: UserFacet): string =>
  sha256Hex(JSON.stringify([agent, user ?? null]))
