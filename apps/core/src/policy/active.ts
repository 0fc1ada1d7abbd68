import type { Clock } from '../ground/clock.ts'
import type { Log } from '../ground/log.ts'
import type { Store } from '../store/store.ts'
import type { CompileCondition } from './cel/program.ts'
import { compilePolicy, type CompiledPolicy } from './compile.ts'
import { createDecisionCache, type DecisionCache } from './decision-cache.ts'
import { parsePolicy } from './parse.ts'
import { createReadsArguments, type ReadsArguments } from './reads-arguments.ts'

export type ActivePolicy = Readonly<{
  policy: CompiledPolicy
  cache: DecisionCache
  readsArguments: ReadsArguments
}>

export type ActivePolicies = AsyncDisposable &
  Readonly<{
    /** Undefined when there is none, or when nobody confirmed within two seconds that it still is (POL-30). */
    confirmed: (workspaceId: string) => ActivePolicy | undefined
    version: (workspaceId: string) => number
    onChange: (changed: (workspaceId: string) => void) => Disposable
    /** Looks now. Resolves when what was active at the time of the call, or something newer, is in use. */
    reload: () => Promise<void>
  }>

export type ActiveParts = Readonly<{
  store: Pick<Store, 'query' | 'hints'>
  clock: Pick<Clock, 'monotonicUs'>
  compileCondition: CompileCondition
  log: Log
}>

const STALE_US = 2_000_000

/**
 * Holds the active rules of every workspace, compiled. It looks again at each hint and at least each second; between
 * two looks it answers from memory, and when looking fails for too long it has no answer.
 */
export async function openActivePolicies(parts: ActiveParts): Promise<ActivePolicies> {
  const { store, clock, log } = parts
  const held = new Map<string, ActivePolicy>()
  const listeners = new Set<(workspaceId: string) => void>()
  let confirmedUs = Number.NEGATIVE_INFINITY

  async function look(): Promise<void> {
    const askedUs = clock.monotonicUs()
    for (const { workspaceId, version } of await store.query('policy.actives', {})) {
      if (version === (held.get(workspaceId)?.policy.version ?? 0)) continue
      held.set(workspaceId, await load(parts, workspaceId, version))
      for (const changed of listeners) changed(workspaceId)
    }
    confirmedUs = askedUs
  }

  let looking: Promise<void> = Promise.resolve()
  /** One look at a time, so that an older answer never replaces a newer one. */
  function reload(): Promise<void> {
    looking = looking.then(look, look)
    return looking
  }

  await reload()
  const hints = store.hints.on('policy', () => {
    reload().catch((error: unknown) => log.warn({ err: error }, 'active rules not confirmed'))
  })

  return {
    confirmed: (workspaceId) =>
      clock.monotonicUs() - confirmedUs > STALE_US ? undefined : held.get(workspaceId),
    version: (workspaceId) => held.get(workspaceId)?.policy.version ?? 0,
    onChange(changed) {
      listeners.add(changed)
      return { [Symbol.dispose]: () => void listeners.delete(changed) }
    },
    reload,
    async [Symbol.asyncDispose]() {
      hints[Symbol.dispose]()
      await looking.catch(() => undefined)
    },
  }
}

async function load(
  { store, compileCondition, log }: ActiveParts,
  workspaceId: string,
  version: number,
): Promise<ActivePolicy> {
  const row = await store.query('policy.version', { workspaceId, version })
  if (!row) throw new Error('the active version does not exist')
  const { document, problems } = parsePolicy(row.source)
  if (problems.length > 0) {
    // It was publishable once. Rules that were restrictions may be among those that cannot be read now.
    log.error({ workspaceId, version }, 'active rules cannot be read; everything is denied')
  }
  const readable = problems.length > 0 ? { rules: [], vars: {} } : document
  const policy = compilePolicy(version, readable, compileCondition)
  return { policy, cache: createDecisionCache(), readsArguments: createReadsArguments(policy) }
}
