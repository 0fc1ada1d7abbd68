import { CoreError } from '../ground/errors.ts'
import type { Call } from '../model/call.ts'
import type { Principal } from '../model/principal.ts'
import type { Policy } from '../policy/policy.ts'
import type { PolicyProblem } from '../policy/problem.ts'
import type { PublishOutcome } from '../policy/publish.ts'
import type { PolicyVersion, PolicyVersionSummary } from '../policy/versions.ts'
import type { AdminCommands } from './command.ts'

export type PolicyCommandParts = Readonly<{
  policy: Pick<
    Policy,
    'check' | 'publish' | 'rollback' | 'read' | 'versions' | 'diff' | 'version' | 'explain'
  >
  /** An agent as it would call now. @throws CoreError `not_found` */
  principalOf: (workspaceId: string, agentId: string) => Principal
  /** A call as it would be made now, of an accepted tool by its exposed name. @throws CoreError `not_found` */
  callOf: (workspaceId: string, tool: string, args: unknown) => Call
}>

type Names =
  | 'policy.active'
  | 'policy.check'
  | 'policy.publish'
  | 'policy.versions'
  | 'policy.read'
  | 'policy.diff'
  | 'policy.rollback'
  | 'policy.explain'

/** Rules: check, publish, compare, take back, ask why. */
export function policyCommands(parts: PolicyCommandParts): Pick<AdminCommands, Names> {
  return { ...readCommands(parts), ...publishCommands(parts), ...explainCommands(parts) }
}

type ReadNames = 'policy.active' | 'policy.versions' | 'policy.read' | 'policy.diff'

function readCommands({ policy }: PolicyCommandParts): Pick<AdminCommands, ReadNames> {
  return {
    'policy.active': async ({ person: { workspaceId } }) =>
      read(policy, workspaceId, policy.version(workspaceId)),

    'policy.read': async ({ person, params }) =>
      read(policy, person.workspaceId, parseVersion(params.version)),

    async 'policy.versions'({ person, query: { cursor, limit = 50 } }) {
      const before = cursor === undefined ? undefined : parseVersion(cursor)
      const page = { limit: limit + 1, ...(before !== undefined && { before }) }
      const found = await policy.versions(person.workspaceId, page)
      const items = found.slice(0, limit).map(summaryView)
      const last = items.at(-1)
      return { items, ...(found.length > limit && last && { next: String(last.version) }) }
    },

    async 'policy.diff'({ person, params }) {
      const [from, to] = [parseVersion(params.version), parseVersion(params.other)]
      const { added, removed, changed, vars } = await policy.diff(person.workspaceId, from, to)
      return {
        added: [...added],
        removed: [...removed],
        changed: changed.map(({ rule, fields }) => ({ rule, fields: [...fields] })),
        vars: [...vars],
      }
    },
  }
}

type PublishNames = 'policy.check' | 'policy.publish' | 'policy.rollback'

function publishCommands({ policy }: PolicyCommandParts): Pick<AdminCommands, PublishNames> {
  /** @throws CoreError `policy_invalid` with the report */
  async function published(workspaceId: string, outcome: PublishOutcome) {
    if (outcome.state === 'published') return read(policy, workspaceId, outcome.version)
    throw new CoreError('policy_invalid', { problems: outcome.report.map(problemView) })
  }

  return {
    async 'policy.check'({ person, body }) {
      const problems = (await policy.check(person.workspaceId, body.source)).map(problemView)
      return { publishable: problems.every(({ severity }) => severity !== 'error'), problems }
    },

    async 'policy.publish'({ person: { workspaceId, userId }, body }) {
      return published(workspaceId, await policy.publish({ workspaceId, author: userId, ...body }))
    },

    async 'policy.rollback'({ person: { workspaceId, userId }, params, body }) {
      const asked = { workspaceId, author: userId, to: parseVersion(params.version), ...body }
      return published(workspaceId, await policy.rollback(asked))
    },
  }
}

function explainCommands(parts: PolicyCommandParts): Pick<AdminCommands, 'policy.explain'> {
  return {
    async 'policy.explain'({ person: { workspaceId }, body }) {
      const principal = parts.principalOf(workspaceId, body.agentId)
      const call = parts.callOf(workspaceId, body.tool, body.args ?? {})
      const { decision, facets, rules } = parts.policy.explain(principal, call)
      return {
        effect: decision.effect,
        reason: decision.reason,
        policyVersion: decision.policyVersion,
        obligations: decision.obligations,
        facets,
        matched: [...decision.matched],
        shadow: [...decision.shadow],
        rules: rules.map(({ clauses, ...rule }) => ({ ...rule, clauses: [...clauses] })),
      }
    },
  }
}

async function read(policy: Pick<Policy, 'read'>, workspaceId: string, version: number) {
  const found = await policy.read(workspaceId, version)
  if (!found) throw new CoreError('not_found')
  return fullView(found)
}

const VERSION = /^[1-9][0-9]{0,9}$/

function parseVersion(text: string): number {
  if (!VERSION.test(text)) throw new CoreError('not_found')
  return Number(text)
}

const summaryView = (version: PolicyVersionSummary) => ({
  version: version.version,
  digest: version.digest,
  base: version.base,
  author: version.author,
  reason: version.reason,
  publishedAt: version.publishedAtMs,
  active: version.isActive,
})

const fullView = (version: PolicyVersion) => ({
  ...summaryView(version),
  source: version.source,
  report: version.report.map(problemView),
})

const problemView = ({ severity, code, rule, line, column, message, remedy }: PolicyProblem) => ({
  severity,
  code,
  message,
  remedy,
  ...(rule !== undefined && { rule }),
  ...(line !== undefined && { line }),
  ...(column !== undefined && { column }),
})
