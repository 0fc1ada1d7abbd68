import { z } from 'zod'

import { approvalStates, type ApprovalState } from '../model/approval.ts'
import type { ApprovalTerms, RuleHit } from '../model/decision.ts'
import type { ApprovalSnapshot } from '../store/families/approval-queries.ts'
import type { ApprovalRow, RevisionRow, VoteRow } from '../store/families/approvals.ts'
import type { PrincipalChain, Target } from './binding.ts'
import type { Standing } from './machine.ts'

/** One approval at its current revision, as it was when it was read. */
export type Approval = Summary &
  Readonly<{
    votes: readonly Vote[]
    target: Target
    argsCommitment: string
    /** Salt and canonical arguments, encrypted. */
    sealedArgs: Uint8Array
    policyVersion: number
    matched: readonly RuleHit[]
    sealedNote?: Uint8Array | undefined
    endedBy?: string | undefined
    voidReason?: string | undefined
    callKey: string
    bind: string
    /** The instant of the reading, by the database's clock. Every deadline is judged by it. */
    nowMs: number
  }>

/** What a list needs, which is all but the content. */
export type Summary = Standing &
  Readonly<{
    workspaceId: string
    id: string
    code: string
    version: number
    revision: number
    principal: PrincipalChain
    agentName: string
    server: Readonly<{ id: string; slug: string }>
    method: string
    name: string
    risk: number
    labels: readonly string[]
    terms: ApprovalTerms
    leaseUntilMs: number
    createdAtMs: number
    changedAtMs: number
  }>

export type Vote = Readonly<{
  voterId: string
  vote: 'yes' | 'no'
  isSelfApproved: boolean
  sealedComment?: Uint8Array | undefined
  audience: 'agent' | 'people'
  votedAtMs: number
}>

const Terms: z.ZodType<ApprovalTerms> = z.strictObject({
  approvers: z.array(z.strictObject({ group: z.string(), quorum: z.int().min(1) })),
  quorum: z.int().min(1),
  self: z.boolean().exactOptional(),
  decideByMs: z.int().positive(),
  executeByMs: z.int().positive(),
  remember: z.enum(['none', 'session', 'time', 'long']),
  edit: z.array(z.string()),
  stepUp: z.enum(['none', 'presence', 'passkey']),
  comment: z.enum(['optional', 'required']),
})

const Matched: z.ZodType<readonly RuleHit[]> = z.array(
  z.strictObject({
    rule: z.string(),
    effect: z.enum(['allow', 'require_approval', 'deny']),
    gate: z.boolean(),
    guardrail: z.boolean(),
    errored: z.boolean(),
  }),
)

const StoredTarget: z.ZodType<Target> = z.strictObject({
  serverHash: z.string(),
  pin: z.string().optional(),
  connection: z.string().optional(),
})

const Labels = z.array(z.string())
const State: z.ZodType<ApprovalState> = z.enum(approvalStates)
const Cast = z.enum(['yes', 'no'])
const Audience = z.enum(['agent', 'people'])

export const toApproval = ({ approval, revision, votes, nowMs }: ApprovalSnapshot): Approval => ({
  ...toSummary({ ...approval, terms: revision.terms }),
  ...contentOf(revision),
  votes: votes.map(toVote),
  sealedNote: approval.end_note ?? undefined,
  endedBy: approval.ended_by ?? undefined,
  voidReason: approval.void_reason ?? undefined,
  callKey: approval.call_key,
  bind: approval.bind,
  nowMs,
})

export const toSummary = (row: ApprovalRow & Pick<RevisionRow, 'terms'>): Summary => ({
  workspaceId: row.workspace_id,
  id: row.id,
  code: row.code,
  state: State.parse(row.state),
  version: row.version,
  revision: row.revision,
  principal: {
    userId: row.user_id ?? undefined,
    agentId: row.agent_id,
    ownerId: row.owner_id,
    tokenId: row.token_id,
  },
  agentName: row.agent_name,
  server: { id: row.server_id, slug: row.server_slug },
  method: row.method,
  name: row.name,
  risk: row.risk,
  labels: Labels.parse(JSON.parse(row.labels)),
  terms: Terms.parse(JSON.parse(row.terms)),
  ...clocksOf(row),
})

const clocksOf = (row: ApprovalRow) => ({
  isResendable: row.resendable === 1,
  attempt: row.attempt,
  fence: row.fence,
  sentFence: row.sent_fence ?? undefined,
  decideByMs: row.decide_by,
  executeByMs: row.execute_by ?? undefined,
  leaseUntilMs: row.lease_until ?? 0,
  createdAtMs: row.created_at,
  changedAtMs: row.updated_at,
})

const contentOf = (row: RevisionRow) => ({
  target: StoredTarget.parse(JSON.parse(row.target)),
  argsCommitment: row.args_commitment,
  sealedArgs: row.args,
  policyVersion: row.policy_version,
  matched: Matched.parse(JSON.parse(row.matched)),
})

const toVote = (row: VoteRow): Vote => ({
  voterId: row.voter_id,
  vote: Cast.parse(row.vote),
  isSelfApproved: row.self_approved === 1,
  sealedComment: row.comment ?? undefined,
  audience: Audience.parse(row.audience),
  votedAtMs: row.voted_at,
})

export const yesVotes = ({ votes }: Approval): readonly Vote[] =>
  votes.filter(({ vote }) => vote === 'yes')
