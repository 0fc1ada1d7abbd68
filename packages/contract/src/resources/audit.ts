import { z } from 'zod'

import { auditEvents, isAuditEventType } from '../audit-events.ts'
import { auditOutcomes } from '../words.ts'
import { Cursor, Instant, InstantText, Limit } from './common.ts'

const EventType = z.enum(
  Object.keys(auditEvents).filter(isAuditEventType),
  'there is no such event; the reference of audit events lists them',
)

export const AuditQuery = z.strictObject({
  type: EventType.optional(),
  outcome: z.enum(auditOutcomes).optional(),
  from: InstantText.optional(),
  to: InstantText.optional(),
  cursor: Cursor.optional(),
  limit: Limit.optional(),
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
