/** Codes of the report on a set of rules (POL-26). Errors block a publish, warnings do not. */
export const policyProblems = {
  parse_error: { severity: 'error', remedy: 'Correct the text at that place.' },
  type_error: {
    severity: 'error',
    remedy: 'Compare values of one type; numbers of a tool are doubles, so write 2.0, not 2.',
  },
  not_boolean: {
    severity: 'error',
    remedy: 'A condition has to be true or false; add a comparison.',
  },
  function_not_allowed: {
    severity: 'error',
    remedy: 'Use one of the functions that the reference lists.',
  },
  regex_invalid: {
    severity: 'error',
    remedy: 'Write a literal RE2 pattern of at most 256 characters.',
  },
  limit_exceeded: { severity: 'error', remedy: 'Split the rule, or put long lists into vars.' },
  macro_nesting: {
    severity: 'error',
    remedy: 'Nest at most two of all, exists, exists_one, filter and map.',
  },
  unknown_reference: {
    severity: 'error',
    remedy: 'Correct the name, or create what it names first.',
  },
  field_missing_in_tool: {
    severity: 'error',
    remedy: 'Guard the field by has(), or narrow the scope to tools that have it.',
  },
  ask_unsupported: {
    severity: 'error',
    remedy: 'Nobody can be asked for this action; use allow or deny.',
  },
  no_eligible_approver: {
    severity: 'error',
    remedy: 'Add people to the group, or name another one.',
  },
  restriction_expires: {
    severity: 'error',
    remedy: 'Only an allow may expire; remove expires_at.',
  },
  duplicate_id: { severity: 'error', remedy: 'Give every rule an id of its own.' },
  guardrail_needs_second_admin: {
    severity: 'error',
    remedy:
      'Leave the guardrail as it is. Its change takes the consent of a second administrator, which this release cannot ask for.',
  },
  not_supported_yet: {
    severity: 'error',
    remedy: 'Leave it out; this release would not enforce it.',
  },
  no_rules: { severity: 'warning', remedy: 'Add a rule that allows what should run.' },
  dyn_argument: {
    severity: 'warning',
    remedy: 'The schema leaves the type open, so the condition is checked at run time only.',
  },
  literal_outside_enum: {
    severity: 'warning',
    remedy: 'The tool never takes this value; correct the literal.',
  },
  unreachable_rule: {
    severity: 'warning',
    remedy: 'Another rule denies all that this one covers.',
  },
  broad_allow: {
    severity: 'warning',
    remedy: 'Everyone may change things by this rule; narrow it or ask a person.',
  },
} as const satisfies Record<string, { severity: 'error' | 'warning'; remedy: string }>

export type PolicyProblemCode = keyof typeof policyProblems

/** One finding about a set of rules. Lines and columns count from 1. */
export type PolicyProblem = Readonly<{
  severity: 'error' | 'warning'
  code: PolicyProblemCode
  rule?: string
  line?: number
  column?: number
  message: string
  remedy: string
}>

export type Position = Readonly<{ line: number; column: number }>

export type Place = Readonly<{ rule?: string | undefined; position?: Position | undefined }>

export function problem(
  code: PolicyProblemCode,
  message: string,
  { rule, position }: Place = {},
): PolicyProblem {
  return {
    ...policyProblems[code],
    code,
    message,
    ...(rule !== undefined && { rule }),
    ...position,
  }
}

/** Warnings are for people to read; only errors stand in the way. */
export const isPublishable = (report: readonly PolicyProblem[]): boolean =>
  report.every(({ severity }) => severity !== 'error')
