import { z } from 'zod'

import type { ColumnClasses } from '../column.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** One call that a person has to decide, as it stands now. */
export const approvalRow = z.strictObject({
  workspace_id: z.string(),
  id: z.string(),
  /** What people say to each other. Unique among those that are open. */
  code: z.string(),
  state: z.string(),
  /** Counts every change, for compare-and-set. */
  version: z.int(),
  /** Counts changes of what is asked; votes belong to one. */
  revision: z.int(),
  call_key: z.string(),
  bind: z.string(),
  agent_id: z.string(),
  agent_name: z.string(),
  owner_id: z.string(),
  user_id: z.string().nullable(),
  token_id: z.string(),
  server_id: z.string(),
  server_slug: z.string(),
  method: z.string(),
  name: z.string(),
  risk: z.int(),
  labels: z.string(),
  resendable: z.int(),
  decide_by: z.int(),
  execute_by: z.int().nullable(),
  attempt: z.int(),
  fence: z.int(),
  /** Fence of the latest claim that was about to send. */
  sent_fence: z.int().nullable(),
  lease_until: z.int().nullable(),
  void_reason: z.string().nullable(),
  ended_by: z.string().nullable(),
  /** Why a person took it back or what they found. */
  end_note: bytes.nullable(),
  created_at: z.int(),
  updated_at: z.int(),
})

export const revisionRow = z.strictObject({
  workspace_id: z.string(),
  approval_id: z.string(),
  revision: z.int(),
  bind: z.string(),
  /** Salt and canonical arguments. */
  args: bytes,
  args_commitment: z.string(),
  target: z.string(),
  policy_version: z.int(),
  matched: z.string(),
  terms: z.string(),
  created_at: z.int(),
})

export const voteRow = z.strictObject({
  workspace_id: z.string(),
  approval_id: z.string(),
  revision: z.int(),
  voter_id: z.string(),
  vote: z.string(),
  /** What the voter was shown. */
  bind: z.string(),
  self_approved: z.int(),
  comment: bytes.nullable(),
  audience: z.string(),
  session_id: z.string(),
  voted_at: z.int(),
})

export const resultRow = z.strictObject({
  workspace_id: z.string(),
  approval_id: z.string(),
  fence: z.int(),
  hash: z.string(),
  bytes: z.int(),
  is_error: z.int(),
  server_era: z.string(),
  /** The claim had ended when the answer came: evidence, not an outcome. */
  is_late: z.int(),
  stored_at: z.int(),
  keep_until: z.int(),
  delivered_at: z.int().nullable(),
  replayed_at: z.int().nullable(),
})

export type ApprovalRow = Readonly<z.infer<typeof approvalRow>>
export type RevisionRow = Readonly<z.infer<typeof revisionRow>>
export type VoteRow = Readonly<z.infer<typeof voteRow>>
export type ResultRow = Readonly<z.infer<typeof resultRow>>

export type ApprovalTables = {
  approval: z.infer<typeof approvalRow>
  approval_revision: z.infer<typeof revisionRow>
  approval_vote: z.infer<typeof voteRow>
  /** One claim and what became of it. */
  execution: {
    workspace_id: string
    approval_id: string
    fence: number
    attempt: number
    call_id: string
    claimed_at: number
    sent_intent_at: number | null
    ended_at: number | null
    outcome: string | null
  }
  approval_result: z.infer<typeof resultRow>
  approval_result_part: {
    workspace_id: string
    approval_id: string
    fence: number
    part: number
    blob: Uint8Array
  }
}

export const approvalColumns: ColumnClasses<ApprovalTables> = {
  approval: {
    workspace_id: 'plain',
    id: 'plain',
    code: 'plain',
    state: 'plain',
    version: 'plain',
    revision: 'plain',
    call_key: 'sensitive',
    bind: 'plain',
    agent_id: 'plain',
    agent_name: 'plain',
    owner_id: 'plain',
    user_id: 'plain',
    token_id: 'plain',
    server_id: 'plain',
    server_slug: 'plain',
    method: 'plain',
    name: 'plain',
    risk: 'plain',
    labels: 'plain',
    resendable: 'plain',
    decide_by: 'plain',
    execute_by: 'plain',
    attempt: 'plain',
    fence: 'plain',
    sent_fence: 'plain',
    lease_until: 'plain',
    void_reason: 'plain',
    ended_by: 'plain',
    end_note: 'sensitive',
    created_at: 'plain',
    updated_at: 'plain',
  },
  approval_revision: {
    workspace_id: 'plain',
    approval_id: 'plain',
    revision: 'plain',
    bind: 'plain',
    args: 'sensitive',
    args_commitment: 'sensitive',
    target: 'plain',
    policy_version: 'plain',
    matched: 'plain',
    terms: 'plain',
    created_at: 'plain',
  },
  approval_vote: {
    workspace_id: 'plain',
    approval_id: 'plain',
    revision: 'plain',
    voter_id: 'plain',
    vote: 'plain',
    bind: 'plain',
    self_approved: 'plain',
    comment: 'sensitive',
    audience: 'plain',
    session_id: 'plain',
    voted_at: 'plain',
  },
  execution: {
    workspace_id: 'plain',
    approval_id: 'plain',
    fence: 'plain',
    attempt: 'plain',
    call_id: 'plain',
    claimed_at: 'plain',
    sent_intent_at: 'plain',
    ended_at: 'plain',
    outcome: 'plain',
  },
  approval_result: {
    workspace_id: 'plain',
    approval_id: 'plain',
    fence: 'plain',
    hash: 'sensitive',
    bytes: 'plain',
    is_error: 'plain',
    server_era: 'plain',
    is_late: 'plain',
    stored_at: 'plain',
    keep_until: 'plain',
    delivered_at: 'plain',
    replayed_at: 'plain',
  },
  approval_result_part: {
    workspace_id: 'plain',
    approval_id: 'plain',
    fence: 'plain',
    part: 'plain',
    blob: 'sensitive',
  },
}
