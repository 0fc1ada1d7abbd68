import type { Principal } from '../model/principal.ts'
import { parsePrincipalSelector, type PrincipalSelector } from './scope.ts'

/**
 * Which sides of a principal a rule is about (POL-19). A rule for anyone is about both; where an agent has no user,
 * it still restricts that agent, but only a rule that names the agent grants it anything.
 */
export type Facets = Readonly<{ user: boolean; agent: boolean; grantsAgent: boolean }>

export type MatchPrincipal = (principal: Principal) => Facets | undefined

/** Undefined when the rule is about neither side. */
export function compilePrincipals(texts: readonly string[]): MatchPrincipal {
  const selectors = texts.map(parsePrincipalSelector).filter((selector) => selector !== undefined)
  const isAny = selectors.some(({ kind }) => kind === 'any')
  const named = selectors.filter((selector) => selector.kind !== 'any')

  return function matchPrincipal(principal) {
    const isUserNamed = named.some((selector) => isUser(selector, principal))
    const isAgentNamed = named.some((selector) => isAgent(selector, principal))
    const user = principal.user !== undefined && (isAny || isUserNamed)
    const agent = isAny || isAgentNamed
    if (!user && !agent) return undefined
    return { user, agent, grantsAgent: isAgentNamed || (isAny && principal.user !== undefined) }
  }
}

function isUser(selector: PrincipalSelector, { user }: Principal): boolean {
  if (!user) return false
  switch (selector.kind) {
    case 'user':
      return selector.value === user.id
    case 'group':
      return user.groups.includes(selector.value)
    case 'role':
      return user.roles.includes(selector.value)
    case 'any':
    case 'agent':
    case 'client':
    case 'agent-label':
      return false
  }
}

function isAgent(selector: PrincipalSelector, { agent }: Principal): boolean {
  switch (selector.kind) {
    case 'agent':
      return selector.value === agent.id
    case 'client':
      return selector.value === agent.client
    case 'agent-label':
      return agent.labels.includes(selector.value)
    case 'any':
    case 'user':
    case 'group':
    case 'role':
      return false
  }
}
