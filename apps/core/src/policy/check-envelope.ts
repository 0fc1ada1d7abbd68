import type { CheckedRules } from './check.ts'
import { problem, type PolicyProblem, type PolicyProblemCode } from './problem.ts'
import type { Rule } from './rule.ts'
import { askableActions } from './scope.ts'

type Fault = readonly [code: PolicyProblemCode, field: string, message: string]

/** What the keys of a rule say together, apart from any tool or person. */
export function checkEnvelope({ document, locate }: CheckedRules): readonly PolicyProblem[] {
  const seen = new Set<string>()
  return document.rules.flatMap((rule, index) => {
    const faults: Fault[] = [...faultsOf(rule)]
    if (seen.has(rule.id)) faults.push(['duplicate_id', 'id', `"${rule.id}" is used twice`])
    seen.add(rule.id)
    return faults.map(([code, field, message]) =>
      problem(code, message, { rule: rule.id, position: locate(['rules', index, field]) }),
    )
  })
}

function faultsOf(rule: Rule): readonly Fault[] {
  const asks = rule.effect === 'require_approval'
  const faults: readonly (Fault | false)[] = [
    rule.tier === 'personal' && ['not_supported_yet', 'tier', 'personal rules are not enforced'],
    rule.guardrail && [
      'not_supported_yet',
      'guardrail',
      'no second administrator is asked for yet',
    ],
    rule.gate && !asks && ['parse_error', 'gate', 'gate goes with require_approval only'],
    rule.obligations.approval !== undefined &&
      !asks && ['parse_error', 'obligations', 'approval terms go with require_approval only'],
    rule.expires_at !== undefined &&
      rule.effect !== 'allow' && [
        'restriction_expires',
        'expires_at',
        'a restriction may not expire',
      ],
    asks && unaskable(rule),
  ]
  return faults.filter((fault) => fault !== false)
}

function unaskable({ scope }: Rule): Fault | false {
  const actions = scope.actions.filter((action) => !askableActions.has(action))
  return (
    actions.length > 0 && [
      'ask_unsupported',
      'scope',
      `nobody can be asked for ${actions.join(', ')}`,
    ]
  )
}
