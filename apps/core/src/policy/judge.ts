import type { Action, Call } from '../model/call.ts'
import type { RuleHit } from '../model/decision.ts'
import type { Principal } from '../model/principal.ts'
import type { CatalogueItem, ItemKind } from '../model/server.ts'
import { hasFewNodes, toCel } from './cel/json-object.ts'
import { createMeter, type Meter } from './cel/meter.ts'
import type { Bindings, Outcome } from './cel/program.ts'
import type { CompiledPolicy, CompiledRule } from './compile.ts'
import type { Facets } from './match-principal.ts'
import type { Target } from './rule-index.ts'
import type { TargetKind } from './scope.ts'

/** A rule whose scope a call is in. */
export type Matching = Readonly<{ rule: CompiledRule; facets: Facets }>

/** A rule whose scope a call is in, and what its condition says. */
export type Judged = Matching & Readonly<{ outcome: Outcome }>

export type Judgement = Readonly<{
  judged: readonly Judged[]
  /** The arguments cost more to judge than a call may (POL-8). */
  isExhausted: boolean
}>

/** Facts about a call that are gathered before it is decided (POL-4). */
export type DecisionFacts = Readonly<{ nowMs: number }>

/** Rules whose scope holds the target and a side of the principal. */
export function findMatching(
  policy: CompiledPolicy,
  principal: Principal,
  target: Target,
): readonly Matching[] {
  const matching: Matching[] = []
  for (const rule of policy.index.find(target).keys()) {
    const facets = rule.matchPrincipal(principal)
    if (facets) matching.push({ rule, facets })
  }
  return matching
}

export const targetKinds: Readonly<Record<ItemKind, TargetKind>> = {
  tool: 'tool',
  prompt: 'prompt',
  resource: 'resource',
  resource_template: 'resource',
  skill: 'resource',
}

/** What is done with an entry of a list. */
export const actionsOf: Readonly<Record<ItemKind, Action>> = {
  tool: 'tool.call',
  prompt: 'prompt.get',
  resource: 'resource.read',
  resource_template: 'resource.read',
  skill: 'resource.read',
}

/** Undefined when a call names nothing that its action could be aimed at; such a call is denied. */
export function targetOf(call: Call): Target | undefined {
  const { action, server, item } = call
  const base = { action, server, labels: item?.labels ?? [] }
  if (action === 'rpc.other') return { ...base, kind: 'method', name: call.name }
  if (action.startsWith('client.')) return base
  if (!item) return undefined
  const kind = targetKinds[item.kind]
  return { ...base, kind, name: kind === 'resource' ? (call.uri ?? call.name) : call.name }
}

/** Runs the condition of every matching rule once, for both sides of the principal (POL-19). */
export function judge(
  policy: CompiledPolicy,
  { principal, call, facts }: Readonly<{ principal: Principal; call: Call; facts: DecisionFacts }>,
  matching: readonly Matching[],
): Judgement {
  const meter = createMeter()
  let bindings: Bindings | undefined
  const bind = (): Bindings => (bindings ??= bindCall(policy, { principal, call, facts }))
  const judged = matching.map((match) => ({
    ...match,
    outcome: outcomeOf(match.rule, { facts, bind, meter }),
  }))
  return { judged, isExhausted: meter.isExhausted() }
}

function outcomeOf(
  { condition, expiresAtMs }: CompiledRule,
  { facts, bind, meter }: Readonly<{ facts: DecisionFacts; bind: () => Bindings; meter: Meter }>,
): Outcome {
  if (facts.nowMs >= expiresAtMs) return 'false'
  if (condition === undefined) return 'true'
  if (condition === 'broken') return 'error'
  meter.startRule()
  return condition.run(bind(), meter)
}

/** Values of the variables for one call. A value that is not there makes reading it an error. */
export function bindCall(
  policy: CompiledPolicy,
  { principal, call, facts }: Readonly<{ principal: Principal; call: Call; facts: DecisionFacts }>,
): Bindings {
  const args = call.args ?? {}
  return {
    ...bindItem(policy, principal, call),
    ...(hasFewNodes(args) && { args: toCel(args) }),
    ...(call.uri !== undefined && { uri: call.uri }),
    method: call.method,
    now: new Date(facts.nowMs),
    ip: call.clientIp,
  }
}

/** The variables that are known before any call: whoever it is, whatever it is aimed at. */
export function bindItem(
  policy: CompiledPolicy,
  { user, agent }: Principal,
  { server, item }: Readonly<{ server: Call['server']; item?: CatalogueItem }>,
): Bindings {
  return {
    vars: policy.vars,
    server: { slug: server.slug, labels: server.labels, transport: server.transport },
    user: user ? { ...user } : {},
    agent: {
      id: agent.id,
      owner: agent.ownerId,
      labels: agent.labels,
      client: agent.client,
      kind: agent.kind,
    },
    ...(item && {
      tool: { server: server.slug, name: item.name, labels: item.labels, risk: item.risk },
      risk: item.risk,
    }),
  }
}

export const toHit = ({ rule, outcome }: Judged): RuleHit => ({
  rule: rule.id,
  effect: rule.effect,
  gate: rule.gate,
  guardrail: rule.guardrail,
  errored: outcome === 'error',
})
