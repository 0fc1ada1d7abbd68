import { ownServer } from '../model/own-tools.ts'
import type { CheckedRules } from './check.ts'
import { problem, type PolicyProblem, type PolicyProblemCode } from './problem.ts'
import type { Rule } from './rule.ts'
import { askableActions, parseResourceSelector } from './scope.ts'

type Fault = readonly [code: PolicyProblemCode, field: string, message: string]

/** What the keys of a rule say together, apart from any tool or person. */
export function checkEnvelope({ document, locate }: CheckedRules): readonly PolicyProblem[] {
  if (document.rules.length === 0) return [problem('no_rules', 'without rules nothing is allowed')]
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
    rule.tier === 'personal' && [
      'not_supported_yet',
      'tier',
      "a personal rule has no place among a workspace's rules",
    ],
    rule.guardrail &&
      !mayGuard(rule) && [
        'parse_error',
        'guardrail',
        'guardrail goes with deny, or with require_approval and gate',
      ],
    rule.gate && !asks && ['parse_error', 'gate', 'gate goes with require_approval only'],
    rule.expires_at !== undefined &&
      rule.effect !== 'allow' && [
        'restriction_expires',
        'expires_at',
        'a restriction may not expire',
      ],
    ...misplacedTerms(rule),
    asks && unaskable(rule),
  ]
  return faults.filter((fault) => fault !== false)
}

const misplacedTerms = ({ obligations, effect, scope }: Rule): readonly (Fault | false)[] => [
  obligations.approval !== undefined &&
    effect !== 'require_approval' && [
      'parse_error',
      'obligations',
      'approval terms go with require_approval only',
    ],
  obligations.sampling !== undefined &&
    !(effect === 'allow' && scope.actions.includes('client.sample')) && [
      'parse_error',
      'obligations',
      'a sampling budget goes with allow and client.sample only',
    ],
]

/** A guardrail only restricts, so that nothing has to be weighed against it. */
const mayGuard = ({ effect, gate }: Rule): boolean =>
  effect === 'deny' || (effect === 'require_approval' && gate)

function unaskable({ scope }: Rule): Fault | false {
  const unasked = [
    ...scope.actions.filter((action) => !askableActions.has(action)),
    ...scope.resources.filter(isOwnSelector),
  ]
  return (
    unasked.length > 0 && [
      'ask_unsupported',
      'scope',
      `nobody can be asked for ${unasked.join(', ')}`,
    ]
  )
}

function isOwnSelector(text: string): boolean {
  const selector = parseResourceSelector(text)
  if (!selector || selector.kind === 'any') return false
  return 'server' in selector
    ? selector.server === ownServer.slug
    : selector.kind === 'server' && selector.value === ownServer.slug
}
