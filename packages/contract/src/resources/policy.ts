import { z } from 'zod'

import { Instant } from './common.ts'

const SOURCE_BYTES_MAX = 1024 * 1024

const PolicySource = z.string().max(SOURCE_BYTES_MAX).meta({ description: 'The rules as YAML 1.2' })

const PolicyProblem = z.strictObject({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  rule: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  message: z.string(),
  remedy: z.string(),
})

export const PolicyCheck = z.strictObject({ source: PolicySource })

export const PolicyReport = z.strictObject({
  publishable: z.boolean(),
  problems: z.array(PolicyProblem),
})

export const PolicyPublish = z.strictObject({
  source: PolicySource,
  base: z.int().min(0).meta({ description: 'The version this was written on; 0 for the first' }),
  reason: z.string().trim().max(500).default(''),
})

export const PolicyRollback = z.strictObject({
  base: z.int().min(1),
  reason: z.string().trim().max(500).default(''),
})

export const PolicyVersion = z.strictObject({
  version: z.int(),
  digest: z.string(),
  base: z.int(),
  author: z.string(),
  reason: z.string(),
  publishedAt: Instant,
  active: z.boolean(),
})

export const PolicyVersionFull = PolicyVersion.extend({
  source: z.string(),
  report: z.array(PolicyProblem),
})

export const PolicyDiff = z.strictObject({
  added: z.array(z.string()),
  removed: z.array(z.string()),
  changed: z.array(z.strictObject({ rule: z.string(), fields: z.array(z.string()) })),
  vars: z.array(z.string()),
})

export const ExplainRequest = z.strictObject({
  agentId: z.string(),
  tool: z.string().max(512).meta({ description: 'Exposed name of the tool' }),
  args: z.unknown().optional(),
})

const Effect = z.enum(['allow', 'require_approval', 'deny'])

const RuleHit = z.strictObject({
  rule: z.string(),
  effect: z.string(),
  gate: z.boolean(),
  guardrail: z.boolean(),
  errored: z.boolean(),
})

const ExplainedRule = RuleHit.extend({
  outcome: z.unknown(),
  user: z.boolean(),
  agent: z.boolean(),
  clauses: z.array(z.strictObject({ text: z.string(), value: z.unknown() })),
})

export const Explanation = z.strictObject({
  effect: Effect,
  reason: z.string(),
  policyVersion: z.int(),
  matched: z.array(RuleHit),
  shadow: z.array(RuleHit),
  obligations: z.unknown(),
  /** What the person and the agent would each get by themselves. */
  facets: z.strictObject({ user: Effect.optional(), agent: Effect }),
  rules: z.array(ExplainedRule),
})
