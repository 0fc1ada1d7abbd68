import type { Clock } from '../ground/clock.ts'
import type { Log } from '../ground/log.ts'
import type { Call } from '../model/call.ts'
import type { Decision } from '../model/decision.ts'
import type { Principal } from '../model/principal.ts'
import type { CatalogueItem, ServerRef } from '../model/server.ts'
import type { Store } from '../store/store.ts'
import { openActivePolicies } from './active.ts'
import { createConditions } from './cel/program.ts'
import { checkPolicy } from './check.ts'
import { decide, denied } from './decide.ts'
import { explain, type Explanation } from './explain.ts'
import { isListed } from './list.ts'
import { parsePolicy } from './parse.ts'
import type { PolicyProblem } from './problem.ts'
import { createPublish, type DraftPolicyEvent, type Publish, type Rollback } from './publish.ts'
import type { CatalogueEntry, DirectoryNames } from './surroundings.ts'
import { createVersions, type Versions } from './versions.ts'

export type PolicyParts = Readonly<{
  store: Pick<Store, 'query' | 'command' | 'append' | 'hints'>
  clock: Clock
  draft: DraftPolicyEvent
  catalogue: (workspaceId: string) => Promise<readonly CatalogueEntry[]>
  directory: (workspaceId: string) => Promise<DirectoryNames>
  log: Log
}>

export type Policy = AsyncDisposable &
  Versions &
  Readonly<{
    /** Decides with the version that is active now. Never waits, never throws; in doubt it denies. */
    decide: (principal: Principal, call: Call) => Decision
    /** Whether a list shows an entry. It never hides what could be called (POL-35). */
    isListed: (principal: Principal, server: ServerRef, item: CatalogueItem) => boolean
    /**
     * Whether a restriction reads the arguments of an entry, which then may only have the names that it declares
     * (POL-15).
     */
    readsArguments: (workspaceId: string, server: ServerRef, item: CatalogueItem) => boolean
    /** The version in use, for keys of caches; 0 when there is none, and then everything is denied. */
    version: (workspaceId: string) => number
    /** As `version`, and 0 while nobody confirmed it: what is then derived must not outlive the doubt (POL-30). */
    confirmedVersion: (workspaceId: string) => number
    /** Calls back after another version of a workspace's rules came into use. */
    onChange: (changed: (workspaceId: string) => void) => Disposable
    explain: (principal: Principal, call: Call) => Explanation
    check: (workspaceId: string, source: string) => Promise<readonly PolicyProblem[]>
    /** @throws CoreError `base_moved` */
    publish: Publish
    /** @throws CoreError `base_moved`, `not_found` */
    rollback: Rollback
  }>

/** The policy stage. Resolves once the active rules of every workspace are compiled. */
export async function openPolicy(parts: PolicyParts): Promise<Policy> {
  const { store, clock } = parts
  const compileCondition = createConditions()
  const active = await openActivePolicies({ ...parts, compileCondition })
  const versions = createVersions(store)
  async function check(workspaceId: string, source: string, base: number) {
    const [catalogue, directory, previous] = await Promise.all([
      parts.catalogue(workspaceId),
      parts.directory(workspaceId),
      versions.read(workspaceId, base),
    ])
    const { document } = parsePolicy(previous?.source ?? '')
    return checkPolicy(source, { catalogue, directory, previous: document }, compileCondition)
  }
  const publishing = createPublish({ ...parts, check, read: versions.read, reload: active.reload })

  return {
    ...versions,
    ...publishing,
    decide(principal, call) {
      const current = active.confirmed(principal.workspaceId)
      if (!current) return denied(active.version(principal.workspaceId), 'policy_stale')
      const facts = { nowMs: clock.nowMs() }
      return decide(current.policy, { principal, call, facts }, current.cache)
    },
    isListed(principal, server, item) {
      const current = active.confirmed(principal.workspaceId)
      if (!current) return false
      return isListed(current.policy, { principal, server, item, facts: { nowMs: clock.nowMs() } })
    },
    readsArguments: (workspaceId, server, item) =>
      // Without rules there is nothing to pass by: every call is denied.
      active.confirmed(workspaceId)?.readsArguments(server, item) ?? false,
    explain(principal, call) {
      const current = active.confirmed(principal.workspaceId)
      const question = { principal, call, facts: { nowMs: clock.nowMs() } }
      return explain(current?.policy, question, compileCondition)
    },
    async check(workspaceId, source) {
      return (await check(workspaceId, source, active.version(workspaceId))).report
    },
    version: active.version,
    confirmedVersion: (workspaceId) => active.confirmed(workspaceId)?.policy.version ?? 0,
    onChange: active.onChange,
    [Symbol.asyncDispose]: () => active[Symbol.asyncDispose](),
  }
}
