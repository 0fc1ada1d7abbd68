import { z } from 'zod'

import { actions } from '../model/call.ts'
import { parsePrincipalSelector, parseResourceSelector } from './scope.ts'

const SECOND_MS = 1000
const UNITS_MS = { s: SECOND_MS, m: 60 * SECOND_MS, h: 3_600 * SECOND_MS, d: 86_400 * SECOND_MS }
const SET_ENTRIES_MAX = 10_000

export const ruleLimits = {
  sourceBytesMax: 1024 * 1024,
  rulesMax: 10_000,
  quorumMax: 5,
  scopeEntriesMax: 500,
} as const

const Slug = z.string().regex(/^[a-z0-9-]{1,64}$/, 'an id is 1 to 64 of a-z, 0-9 and "-"')

const Principal = z.string().refine((text) => parsePrincipalSelector(text) !== undefined, {
  error: 'expected any, or user:, group:, role:, agent:, client: or agent-label: and a name',
})

const Resource = z.string().refine((text) => parseResourceSelector(text) !== undefined, {
  error:
    'expected any, server:<slug>, label:<name>, or tool:, prompt:, resource: or method: and <server>/<name>',
})

const Scope = z.strictObject({
  principals: z.array(Principal).min(1).max(ruleLimits.scopeEntriesMax),
  actions: z.array(z.enum(actions)).min(1),
  resources: z.array(Resource).min(1).max(ruleLimits.scopeEntriesMax),
})

/** A duration such as `15m`, as milliseconds within bounds. */
const duration = (minMs: number, maxMs: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,6}[smhd]$/, 'a duration is a number and s, m, h or d')
    .transform(toMs)
    .refine((ms) => ms >= minMs && ms <= maxMs, { error: 'the duration is out of bounds' })

function toMs(text: string): number {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pattern above ends in one of these letters
  const unit = text.at(-1) as keyof typeof UNITS_MS
  return Number(text.slice(0, -1)) * UNITS_MS[unit]
}

const Quorum = z.int().min(1).max(ruleLimits.quorumMax)

/** Terms for the people who are asked. `escalate` is not here: nothing would enforce it. */
const Approval = z.strictObject({
  approvers: z
    .array(z.strictObject({ group: z.string().min(1).max(256), quorum: Quorum.default(1) }))
    .default([]),
  quorum: Quorum.default(1),
  self: z.boolean().optional(),
  decide_by: duration(60 * SECOND_MS, 7 * UNITS_MS.d).default(15 * UNITS_MS.m),
  execute_by: duration(10 * SECOND_MS, UNITS_MS.d).default(5 * UNITS_MS.m),
  remember: z.enum(['none', 'session', 'time', 'long']).default('none'),
  edit: z.array(z.string().regex(/^(\/[^/]+)+$/, 'an entry of edit is a JSON pointer')).default([]),
  step_up: z.enum(['none', 'presence', 'passkey']).default('none'),
  comment: z.enum(['optional', 'required']).default('optional'),
})

export const defaultApproval: ApprovalObligation = Approval.parse({})

/** How much each server may ask of the model of each client that the rule is about. */
const Sampling = z.strictObject({
  requests_per_hour: z.int().min(1).max(10_000).default(20),
  /** Of the answers, by the most that a request lets the model say. */
  tokens_per_hour: z.int().min(1).max(100_000_000).default(20_000),
})

export const defaultSampling: SamplingObligation = Sampling.parse({})

/** An instant with its zone, so that nobody has to guess which one was meant. */
const Expiry = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** One rule with exactly these keys; any other is refused, never ignored (POL-1). */
export const Rule = z.strictObject({
  id: Slug,
  tier: z.enum(['workspace', 'personal']).default('workspace'),
  guardrail: z.boolean().default(false),
  mode: z.enum(['enforce', 'shadow']).default('enforce'),
  scope: Scope,
  effect: z.enum(['allow', 'require_approval', 'deny']),
  gate: z.boolean().default(false),
  when: z.string().min(1).optional(),
  obligations: z
    .strictObject({ approval: Approval.optional(), sampling: Sampling.optional() })
    .default({}),
  owner: z.string().min(1).max(256).optional(),
  reason: z.string().min(1).max(500).optional(),
  expires_at: Expiry.optional(),
  /** Names in the scope that do not exist yet are a warning, not an error. */
  allow_unresolved: z.boolean().default(false),
})

const Scalar = z.union([z.string().max(1024), z.number(), z.boolean()])
const Entries = z.union([
  z.array(z.string().max(1024)).max(SET_ENTRIES_MAX),
  z.array(z.number()).max(SET_ENTRIES_MAX),
])

/** Constants and sets that conditions name as `vars.<name>`. */
export const Vars = z.record(
  z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'a variable is a lower-case name'),
  z.union([Scalar, Entries]),
)

export type Rule = Readonly<z.infer<typeof Rule>>
export type RuleVars = Readonly<z.infer<typeof Vars>>
export type ApprovalObligation = Readonly<z.infer<typeof Approval>>
export type SamplingObligation = Readonly<z.infer<typeof Sampling>>

/** What a workspace's rules are, once parsed. */
export type PolicyDocument = Readonly<{ rules: readonly Rule[]; vars: RuleVars }>

/** Keys of the envelope that the design has and this release does not enforce. */
export const unsupportedObligations = [
  'limit',
  'concurrency',
  'redact',
  'log',
  'result',
  'label_run',
  'notify',
] as const
export const unsupportedApprovalTerms = ['escalate'] as const
