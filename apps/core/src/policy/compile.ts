import { ownServer } from '../model/own-tools.ts'
import type { Variable } from './cel/dialect.ts'
import type { CompileCondition, Program } from './cel/program.ts'
import { compilePrincipals, type MatchPrincipal } from './match-principal.ts'
import {
  defaultApproval,
  type PolicyDocument,
  type Rule,
  type RuleVars,
  type SamplingObligation,
} from './rule.ts'
import { createRuleIndex, type RuleIndex } from './rule-index.ts'

export type CompiledRule = Readonly<{
  id: string
  scope: Rule['scope']
  effect: Rule['effect']
  gate: boolean
  guardrail: boolean
  isShadow: boolean
  matchPrincipal: MatchPrincipal
  /** Absent: always true. `broken`: it does not compile any more, so it is an error whenever it matters (POL-28). */
  condition?: Program | 'broken'
  expiresAtMs: number
  approval: typeof defaultApproval
  sampling?: SamplingObligation
  /** Its answer is the same for all calls of one scope key to one item. */
  isSteady: boolean
}>

/** One version of a workspace's rules, ready to decide. Immutable. */
export type CompiledPolicy = Readonly<{
  version: number
  rules: readonly CompiledRule[]
  index: RuleIndex<CompiledRule>
  /** Values of `vars` as conditions see them; lists are sets, so that membership is one lookup. */
  vars: Readonly<Record<string, unknown>>
}>

/** What one scope key has in common for one item: where the tool is, and what it is. */
const STEADY: ReadonlySet<Variable> = new Set<Variable>([
  'tool',
  'server',
  'method',
  'risk',
  'vars',
])

/**
 * Makes a version ready to decide. Total: a condition that does not compile stays, as one that always errs, so that
 * a restriction never falls away with the release of the engine.
 */
export function compilePolicy(
  version: number,
  document: PolicyDocument,
  compileCondition: CompileCondition,
): CompiledPolicy {
  const written = document.rules.map((rule) => compileRule(rule, compileCondition))
  const rules = [...written, ownToolsRule]
  return { version, rules, index: createRuleIndex(rules), vars: toVars(document.vars) }
}

/** Stands in every version; its id is none that a written rule could have. */
const ownToolsRule: CompiledRule = {
  id: 'peta:own-tools',
  scope: {
    principals: ['any'],
    actions: ['tool.call'],
    resources: [`server:${ownServer.slug}`],
  },
  effect: 'allow',
  gate: false,
  guardrail: false,
  isShadow: false,
  matchPrincipal: ({ user }) => ({ user: user !== undefined, agent: true, grantsAgent: true }),
  expiresAtMs: Number.POSITIVE_INFINITY,
  approval: defaultApproval,
  isSteady: true,
}

function compileRule(rule: Rule, compileCondition: CompileCondition): CompiledRule {
  const condition = rule.when === undefined ? undefined : compileWhen(rule.when, compileCondition)
  return {
    id: rule.id,
    scope: rule.scope,
    effect: rule.effect,
    gate: rule.gate,
    guardrail: rule.guardrail,
    isShadow: rule.mode === 'shadow',
    matchPrincipal: compilePrincipals(rule.scope.principals),
    ...(condition && { condition }),
    expiresAtMs: rule.expires_at ?? Number.POSITIVE_INFINITY,
    approval: rule.obligations.approval ?? defaultApproval,
    ...(rule.obligations.sampling && { sampling: rule.obligations.sampling }),
    isSteady: rule.expires_at === undefined && isSteady(condition),
  }
}

function compileWhen(when: string, compileCondition: CompileCondition): Program | 'broken' {
  const compiled = compileCondition(when)
  return 'program' in compiled ? compiled.program : 'broken'
}

const isSteady = (condition: Program | 'broken' | undefined): boolean =>
  condition === undefined ||
  condition === 'broken' ||
  [...condition.reads].every((name) => STEADY.has(name))

function toVars(vars: RuleVars): Readonly<Record<string, unknown>> {
  const values = Object.entries(vars).map(
    ([name, value]) => [name, Array.isArray(value) ? new Set<unknown>(value) : value] as const,
  )
  return Object.fromEntries(values)
}
