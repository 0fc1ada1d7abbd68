import { checkConditions } from './check-conditions.ts'
import { checkEnvelope } from './check-envelope.ts'
import { checkGuardrails } from './check-guardrails.ts'
import { checkReach } from './check-reach.ts'
import { checkReferences } from './check-references.ts'
import type { CompileCondition } from './cel/program.ts'
import { diffPolicies, type PolicyDiff } from './diff.ts'
import { parsePolicy, type Locate } from './parse.ts'
import type { PolicyProblem } from './problem.ts'
import type { PolicyDocument } from './rule.ts'
import type { Surroundings } from './surroundings.ts'

/** What the checks look at: parsed rules, where they stand, and what exists around them. */
export type CheckedRules = Readonly<{
  document: PolicyDocument
  locate: Locate
  around: Surroundings
  compileCondition: CompileCondition
}>

export type Checked = Readonly<{
  report: readonly PolicyProblem[]
  /** Beside the rules that these are written on. */
  changes: PolicyDiff
}>

/**
 * Everything that can be said about rules before they decide anything (POL-26): whether they can be read, whether
 * what they name exists, whether their conditions fit each tool in their scope. Errors first.
 */
export function checkPolicy(
  source: string,
  around: Surroundings,
  compileCondition: CompileCondition,
): Checked {
  const { document, problems, locate } = parsePolicy(source)
  const changes = diffPolicies(around.previous, document)
  if (problems.length > 0) return { report: sort(problems), changes }
  const rules = { document, locate, around, compileCondition }
  const report = [
    ...checkEnvelope(rules),
    ...checkReferences(rules),
    ...checkConditions(rules),
    ...checkReach(rules),
    ...checkGuardrails(rules),
  ]
  return { report: sort(report), changes }
}

function sort(report: readonly PolicyProblem[]): readonly PolicyProblem[] {
  return report.toSorted((a, b) => weight(a) - weight(b) || (a.line ?? 0) - (b.line ?? 0))
}

const weight = ({ severity }: PolicyProblem): number => (severity === 'error' ? 0 : 1)
