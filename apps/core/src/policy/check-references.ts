import { ownServer, ownToolNames } from '../model/own-tools.ts'
import type { CheckedRules } from './check.ts'
import { compileGlob } from './glob.ts'
import { targetKinds } from './judge.ts'
import { problem, type PolicyProblem, type PolicyProblemCode } from './problem.ts'
import type { Rule } from './rule.ts'
import {
  parsePrincipalSelector,
  parseResourceSelector,
  type PrincipalSelector,
  type ResourceSelector,
} from './scope.ts'
import type { DirectoryNames, Surroundings } from './surroundings.ts'
import { isUriPattern } from './uri-pattern.ts'

/** Labels that administrators give tools (POL-49) and that the directory gives agents, used or not. */
const TOOL_LABELS = [
  'read',
  'write',
  'destructive',
  'external',
  'idempotent',
  'private',
  'source:trusted',
  'source:untrusted',
]
const AGENT_LABELS = ['owned']

type Fault = readonly [code: PolicyProblemCode, path: readonly PropertyKey[], message: string]

/** Every name in a scope, an owner or a list of approvers has to exist: a typo in a deny is a hole. */
export function checkReferences({
  document,
  locate,
  around,
}: CheckedRules): readonly PolicyProblem[] {
  const knows = createKnown(around)
  return document.rules.flatMap((rule, index) =>
    faultsOf(rule, knows).map(([code, path, message]) => {
      const place = { rule: rule.id, position: locate(['rules', index, ...path]) }
      const found = problem(code, message, place)
      const isExcused = rule.allow_unresolved && code === 'unknown_reference'
      return isExcused ? { ...found, severity: 'warning' } : found
    }),
  )
}

type Known = Readonly<{
  principal: (selector: PrincipalSelector) => boolean
  resource: (selector: ResourceSelector) => boolean
  owner: (id: string) => boolean
  /** Undefined when there is no such group. */
  members: (group: string) => number | undefined
}>

function faultsOf(rule: Rule, knows: Known): readonly Fault[] {
  const { principals, resources } = rule.scope
  return [
    ...principals.flatMap((text, at) => {
      const selector = parsePrincipalSelector(text)
      return selector && knows.principal(selector)
        ? []
        : [unknown(['scope', 'principals', at], text)]
    }),
    ...resources.flatMap((text, at): readonly Fault[] => {
      const selector = parseResourceSelector(text)
      const path = ['scope', 'resources', at]
      if (!selector || !knows.resource(selector)) return [unknown(path, text)]
      return isUnspelled(selector) ? [['parse_error', path, unspelled(text)]] : []
    }),
    ...(rule.owner === undefined || knows.owner(rule.owner)
      ? []
      : [unknown(['owner'], rule.owner)]),
    ...approverFaults(rule, knows),
  ]
}

/** A pattern that no URI can match after it was normalised is a hole, like a name that does not exist (POL-16). */
const isUnspelled = (selector: ResourceSelector): boolean =>
  selector.kind === 'resource' && !isUriPattern(selector.pattern)

const unspelled = (text: string): string =>
  `${text} matches no URI: rules see scheme and host in lower case, no needless percent-encoding, no dot segments`

const unknown = (path: readonly PropertyKey[], name: string): Fault => [
  'unknown_reference',
  path,
  `there is no ${name}`,
]

function approverFaults(rule: Rule, knows: Known): readonly Fault[] {
  const approvers = rule.obligations.approval?.approvers ?? []
  return approvers.flatMap(({ group, quorum }, at): readonly Fault[] => {
    const path = ['obligations', 'approval', 'approvers', at, 'group']
    const members = knows.members(group)
    if (members === undefined) return [['unknown_reference', path, `there is no group:${group}`]]
    if (members >= quorum) return []
    return [
      ['no_eligible_approver', path, `${group} has ${members} people and has to give ${quorum}`],
    ]
  })
}

function createKnown({ catalogue, directory }: Surroundings): Known {
  const principals = namesOf(directory)
  const members = new Map(directory.groups.map((group) => [group.name, group.members]))
  const servers = new Set([ownServer.slug, ...catalogue.map(({ server }) => server.slug)])
  const labels = new Set([
    ...TOOL_LABELS,
    ...catalogue.flatMap(({ server, item }) => [...server.labels, ...item.labels]),
  ])
  const itemKeys = new Set([
    ...ownToolNames.map((name) => `tool\0${ownServer.slug}\0${name}`),
    ...catalogue.map(
      ({ server, item }) => `${targetKinds[item.kind]}\0${server.slug}\0${item.name}`,
    ),
  ])

  return {
    principal: (selector) =>
      selector.kind === 'any' || principals[selector.kind].has(selector.value),
    resource(selector) {
      if (selector.kind === 'any') return true
      if ('value' in selector)
        return (selector.kind === 'server' ? servers : labels).has(selector.value)
      const { kind, server, pattern } = selector
      if (!servers.has(server)) return false
      // A server offers methods and URIs that no catalogue lists, and a wildcard is meant for what is to come.
      if (kind === 'method' || kind === 'resource' || !compileGlob(pattern).isLiteral) return true
      return itemKeys.has(`${kind}\0${server}\0${pattern}`)
    },
    owner: (id) => principals.user.has(id) || principals.group.has(id),
    members: (group) => members.get(group),
  }
}

type NamedKind = Exclude<PrincipalSelector['kind'], 'any'>

const namesOf = (directory: DirectoryNames): Readonly<Record<NamedKind, ReadonlySet<string>>> => ({
  user: new Set(directory.users),
  group: new Set(directory.groups.map(({ name }) => name)),
  role: new Set(directory.roles),
  agent: new Set(directory.agents),
  client: new Set(directory.clients),
  'agent-label': new Set([...AGENT_LABELS, ...directory.agentLabels]),
})
