import type { Principal } from '../model/principal.ts'
import type { CatalogueItem, ServerRef } from '../model/server.ts'
import type { Variable } from './cel/dialect.ts'
import { createMeter } from './cel/meter.ts'
import type { Bindings, Outcome } from './cel/program.ts'
import type { CompiledPolicy, CompiledRule } from './compile.ts'
import { actionsOf, bindItem, targetKinds, type DecisionFacts } from './judge.ts'
import type { Facets } from './match-principal.ts'
import { sayOf } from './combine.ts'

export type ListQuestion = Readonly<{
  principal: Principal
  server: ServerRef
  item: CatalogueItem
  facts: DecisionFacts
}>

/** What a condition may read and only a call can tell. `risk` is here because a call may raise it. */
const UNKNOWN: ReadonlySet<Variable> = new Set<Variable>([
  'args',
  'uri',
  'now',
  'ip',
  'risk',
  'method',
])

type Possible = Readonly<{ rule: CompiledRule; facets: Facets; outcome: Outcome | 'unknown' }>

/**
 * Whether an entry is shown to a principal: it is hidden only when every call of it would be denied (POL-35). What
 * depends on a call counts as possible for a grant and as not certain for a deny, so nothing callable is hidden.
 */
export function isListed(policy: CompiledPolicy, question: ListQuestion): boolean {
  try {
    const possible = findPossible(policy, question)
    return (
      mayBeAllowed(possible, 'agent') &&
      (question.principal.user === undefined || mayBeAllowed(possible, 'user'))
    )
  } catch {
    return false
  }
}

function findPossible(policy: CompiledPolicy, question: ListQuestion): readonly Possible[] {
  const { principal, server, item } = question
  const kind = targetKinds[item.kind]
  const name = item.kind === 'resource_template' ? {} : { name: item.name }
  const target = { action: actionsOf[item.kind], server, labels: item.labels, kind, ...name }

  const possible: Possible[] = []
  let bindings: Bindings | undefined
  const bind = (): Bindings => (bindings ??= bindItem(policy, principal, question))
  for (const [rule, { surely }] of policy.index.find(target)) {
    const facets = rule.matchPrincipal(principal)
    if (!facets) continue
    const outcome = foresee(rule, question.facts, bind)
    possible.push({ rule, facets, outcome: surely || outcome === 'false' ? outcome : 'unknown' })
  }
  return possible
}

function foresee(
  { condition, expiresAtMs }: CompiledRule,
  facts: DecisionFacts,
  bind: () => Bindings,
): Outcome | 'unknown' {
  if (facts.nowMs >= expiresAtMs) return 'false'
  if (condition === undefined) return 'true'
  if (condition === 'broken') return 'error'
  if ([...condition.reads].some((name) => UNKNOWN.has(name))) return 'unknown'
  const meter = createMeter()
  meter.startRule()
  return condition.run(bind(), meter)
}

function mayBeAllowed(possible: readonly Possible[], facet: 'user' | 'agent'): boolean {
  const about = possible.filter(({ facets }) => facets[facet])
  const isDenied = about.some(
    ({ rule, outcome }) => outcome !== 'unknown' && sayOf({ rule, outcome }).denies,
  )
  if (isDenied) return false
  return about.some(({ rule, facets, outcome }) => {
    const best = outcome === 'unknown' ? 'true' : outcome
    return sayOf({ rule, outcome: best }).grants && (facet === 'user' || facets.grantsAgent)
  })
}
