import { z } from 'zod'

import { Instant } from './common.ts'

export const AuditQuery = z.strictObject({
  type: z.string().max(64).optional(),
  outcome: z.string().max(32).optional(),
  from: z.coerce.number().int().optional(),
  to: z.coerce.number().int().optional(),
  cursor: z.string().max(2048).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
})

export const AuditEntry = z.strictObject({
  id: z.string(),
  logId: z.string(),
  index: z.int(),
  at: Instant,
  type: z.string(),
  outcome: z.string().optional(),
  event: z
    .unknown()
    .meta({ description: 'The entry itself, parsed from the bytes that were hashed' }),
})

export const Status = z.strictObject({
  version: z.string(),
  engine: z.enum(['sqlite', 'postgres']),
  vault: z.enum(['sealed', 'unsealed']),
  policyVersion: z.int(),
  servers: z.int(),
  pendingApprovals: z.int(),
  unknownOutcomes: z.int(),
  warnings: z.array(z.string()),
})
