/** The human side of a principal. Absent for an agent that a workspace owns. */
export type UserFacet = Readonly<{
  id: string
  email: string
  groups: readonly string[]
  roles: readonly string[]
  mfa: boolean
}>

/** The software side of a principal: what holds the token. */
export type AgentFacet = Readonly<{
  id: string
  name: string
  /** User id of the owner; for a workspace-owned agent the person who answers for it. */
  ownerId: string
  labels: readonly string[]
  /** OAuth client id or the name given at creation. */
  client: string
  kind: 'service' | 'connection'
}>

/**
 * Who calls: an agent, for a user where one owns it. Rights are those of both (IDN-6). It is built from current
 * records and never from anything the client sent but its token.
 */
export type Principal = Readonly<{
  workspaceId: string
  user?: UserFacet
  agent: AgentFacet
  /** Id of the credential that was presented, never the credential. */
  tokenId: string
  /**
   * Equal for principals that every rule scope treats alike. The key of decision and list caches; it changes with
   * groups, roles and labels.
   */
  scopeKey: string
}>

/** A person at the admin API: set-up, votes, rules. Never an agent (APR-50). */
export type Person = Readonly<{
  workspaceId: string
  userId: string
  email: string
  name: string
  role: Role
  groups: readonly string[]
  sessionId: string
}>

export type Role = 'owner' | 'admin' | 'approver' | 'auditor' | 'member'
