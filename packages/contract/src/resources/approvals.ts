import { z } from 'zod'

import { approvalStates } from '../words.ts'
import { Cursor, Id, Instant, Limit } from './common.ts'

export const ApprovalListQuery = z.strictObject({
  state: z.enum(approvalStates).optional(),
  cursor: Cursor.optional(),
  limit: Limit.optional(),
})

/** What a list shows: never arguments. */
export const ApprovalSummary = z.strictObject({
  id: Id,
  code: z.string().meta({ description: 'Short code that people can say aloud, such as APR-7K2Q' }),
  state: z.string(),
  revision: z.int(),
  agent: z.string(),
  requester: z.string().optional(),
  server: z.string(),
  method: z.string(),
  name: z.string(),
  createdAt: Instant,
  decideBy: Instant,
  executeBy: Instant.optional(),
})

const Vote = z.strictObject({
  by: z.string(),
  vote: z.enum(['yes', 'no']),
  at: Instant,
  selfApproved: z.boolean(),
  reason: z.string().optional(),
})

/** The card: everything that will run, uncut. `bind` is what a vote is for. */
export const Approval = ApprovalSummary.extend({
  bind: z.string(),
  arguments: z.unknown(),
  rules: z.array(z.string()),
  policyVersion: z.int(),
  risk: z.int(),
  labels: z.array(z.string()),
  quorum: z.int(),
  votes: z.array(Vote),
  voidReason: z.string().optional(),
})

export const VoteRequest = z.strictObject({
  vote: z.enum(['yes', 'no']),
  bind: z.string().meta({ description: 'Digest of exactly what was shown' }),
  reason: z.string().trim().max(500).optional(),
  reasonFor: z.enum(['agent', 'people']).default('agent'),
})

export const ResolveRequest = z.strictObject({
  found: z.enum(['done', 'not_done']),
  reason: z.string().trim().min(3).max(500),
})

export const RevokeRequest = z.strictObject({ reason: z.string().trim().min(3).max(500) })
