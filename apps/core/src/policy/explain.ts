import type { Effect, RuleHit } from '../model/decision.ts'
import { conjunctsOf } from './cel/ast.ts'
import { createMeter } from './cel/meter.ts'
import type { CompileCondition, Outcome } from './cel/program.ts'
import { combineFacet } from './combine.ts'
import type { CompiledPolicy, CompiledRule } from './compile.ts'
import { createPlan, combine, denied, type Question } from './decide.ts'
import { bindCall, judge, toHit, type Judged } from './judge.ts'

/** A part of a condition that has to be true, with what it came to by itself. */
export type Clause = Readonly<{ text: string; value: Outcome }>

export type ExplainedRule = RuleHit &
  Readonly<{ outcome: Outcome; user: boolean; agent: boolean; clauses: readonly Clause[] }>

/** Why a call is decided as it is (POL-31): every rule whose scope it is in, matching or not. */
export type Explanation = Readonly<{
  decision: ReturnType<typeof denied>
  /** What each side of the principal would get by itself. */
  facets: Readonly<{ user?: Effect; agent: Effect }>
  rules: readonly ExplainedRule[]
}>

/** Takes the same way as a decision, without the cache, and tells more about it. */
export function explain(
  policy: CompiledPolicy | undefined,
  question: Question,
  compileCondition: CompileCondition,
): Explanation {
  if (!policy) return { decision: denied(0, 'policy_stale'), facets: { agent: 'deny' }, rules: [] }
  const plan = createPlan(policy, question)
  if (!plan) {
    return { decision: denied(policy.version, 'no_rule'), facets: { agent: 'deny' }, rules: [] }
  }

  const judgement = judge(policy, question, plan.matching)
  const { judged } = judgement
  const valueOf = createValueOf(policy, question, compileCondition)
  return {
    decision: combine(policy, question, judgement),
    facets: {
      agent: combineFacet(judged, 'agent').effect,
      ...(question.principal.user && { user: combineFacet(judged, 'user').effect }),
    },
    rules: judged.map((one) => explainRule(one, valueOf)),
  }
}

type ValueOf = (expression: string) => Outcome

function createValueOf(
  policy: CompiledPolicy,
  question: Question,
  compileCondition: CompileCondition,
): ValueOf {
  const bindings = bindCall(policy, question)
  return function valueOf(expression) {
    const compiled = compileCondition(expression)
    if (!('program' in compiled)) return 'error'
    const meter = createMeter()
    meter.startRule()
    return compiled.program.run(bindings, meter)
  }
}

const explainRule = (one: Judged, valueOf: ValueOf): ExplainedRule => ({
  ...toHit(one),
  outcome: one.outcome,
  user: one.facets.user,
  agent: one.facets.agent,
  clauses: clausesOf(one.rule, valueOf),
})

function clausesOf({ condition }: CompiledRule, valueOf: ValueOf): readonly Clause[] {
  if (condition === undefined || condition === 'broken') return []
  return conjunctsOf(condition.ast).map((node) => {
    const text = condition.textOf(node)
    return { text, value: valueOf(text) }
  })
}
