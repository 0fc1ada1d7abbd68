import { childrenOf, pathOf, type Node } from './cel/ast.ts'
import type { CompileCondition } from './cel/program.ts'
import type { CheckedRules } from './check.ts'
import { diffPolicies, type PolicyDiff } from './diff.ts'
import { problem, type PolicyProblem } from './problem.ts'
import type { Rule } from './rule.ts'

/**
 * Guardrails that these rules would change or remove, where that takes a second administrator (POL-1). Nobody can
 * consent yet, so it is refused as long as there is one; an administrator who is alone may do it alone.
 */
export function checkGuardrails(rules: CheckedRules): readonly PolicyProblem[] {
  const { document, around, locate } = rules
  if (around.directory.administrators < 2) return []
  const changes = diffPolicies(around.previous, document)
  return around.previous.rules
    .filter(({ guardrail }) => guardrail)
    .flatMap((rule) => {
      const what = touched(rule, changes, rules.compileCondition)
      if (what === undefined) return []
      const index = document.rules.findIndex(({ id }) => id === rule.id)
      const position = index === -1 ? undefined : locate(['rules', index, 'id'])
      return [problem('guardrail_needs_second_admin', what, { rule: rule.id, position })]
    })
}

/** What happens to a guardrail; undefined when nothing does. */
function touched(
  rule: Rule,
  changes: PolicyDiff,
  compileCondition: CompileCondition,
): string | undefined {
  if (changes.removed.includes(rule.id)) return `the guardrail "${rule.id}" is removed`
  const changed = changes.changed.find((one) => one.rule === rule.id)
  if (changed) return `the guardrail "${rule.id}" is changed: ${changed.fields.join(', ')}`
  const name = changes.vars.find((one) => readsVar(rule, one, compileCondition))
  if (name === undefined) return undefined
  return `the guardrail "${rule.id}" is changed by its variable vars.${name}`
}

/** A condition that cannot be read any more may read anything. */
function readsVar({ when }: Rule, name: string, compileCondition: CompileCondition): boolean {
  if (when === undefined) return false
  const compiled = compileCondition(when)
  return 'program' in compiled ? namesVar(compiled.program.ast, name) : true
}

/** `vars` by itself, or with a key that is only known at run time, may be any of them. */
function namesVar(node: Node, name: string): boolean {
  const path = pathOf(node)
  if (path?.[0] === 'vars') return path[1] === undefined || path[1] === name
  return childrenOf(node).some((child) => namesVar(child, name))
}
