import type { AgentFacet, Principal, UserFacet } from '../model/principal.ts'
import { parsePrincipalSelector, type PrincipalSelector } from './scope.ts'

/**
 * Which sides of a principal a rule is about (POL-19). A rule for anyone is about both; where an agent has no user,
 * it still restricts that agent, but only a rule that names the agent grants it anything.
 */
export type Facets = Readonly<{ user: boolean; agent: boolean; grantsAgent: boolean }>

export type MatchPrincipal = (principal: Principal) => Facets | undefined

type Named = Readonly<Record<Exclude<PrincipalSelector['kind'], 'any'>, ReadonlySet<string>>>

/** Undefined when the rule is about neither side. */
export function compilePrincipals(texts: readonly string[]): MatchPrincipal {
  const selectors = texts.map(parsePrincipalSelector).filter((selector) => selector !== undefined)
  const isAny = selectors.some(({ kind }) => kind === 'any')
  const namesUser = compileUser(collectNames(selectors))
  const namesAgent = compileAgent(collectNames(selectors))

  return function matchPrincipal({ user, agent }) {
    const isUser = user !== undefined && (isAny || namesUser(user))
    const isAgentNamed = namesAgent(agent)
    if (!isUser && !isAny && !isAgentNamed) return undefined
    const grantsAgent = isAgentNamed || (isAny && user !== undefined)
    return { user: isUser, agent: isAny || isAgentNamed, grantsAgent }
  }
}

function collectNames(selectors: readonly PrincipalSelector[]): Named {
  const of = (kind: keyof Named): ReadonlySet<string> =>
    new Set(selectors.flatMap((one) => (one.kind === kind ? [one.value] : [])))
  return {
    user: of('user'),
    group: of('group'),
    role: of('role'),
    agent: of('agent'),
    client: of('client'),
    'agent-label': of('agent-label'),
  }
}

/** A rule that names nobody of a side is common, and is decided without looking at the principal. */
function compileUser({ user: users, group, role }: Named): (user: UserFacet) => boolean {
  if (users.size + group.size + role.size === 0) return () => false
  return ({ id, groups, roles }) =>
    users.has(id) || groups.some((name) => group.has(name)) || roles.some((name) => role.has(name))
}

function compileAgent({
  agent: agents,
  client: clients,
  'agent-label': labelled,
}: Named): (agent: AgentFacet) => boolean {
  if (agents.size + clients.size + labelled.size === 0) return () => false
  return ({ id, client, labels }) =>
    agents.has(id) || clients.has(client) || labels.some((label) => labelled.has(label))
}
