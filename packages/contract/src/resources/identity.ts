import { z } from 'zod'

import { roles } from '../permissions.ts'
import { Id, Instant, Label, Name } from './common.ts'
import { ProfileName } from './profiles.ts'

export const SetupRequest = z.strictObject({
  link: z.string().max(256).meta({ description: 'The part of the set-up link after "#"' }),
  email: z.email().max(254),
  name: Name,
  workspace: Name.optional(),
})

export const LinkRequest = z.strictObject({ link: z.string().max(256) })

export const OneTimeLink = z.strictObject({
  kind: z.enum(['setup', 'sign_in']),
  url: z.string(),
  link: z.string(),
  expiresAt: Instant,
})

/** Shown once; only its hash is kept. */
export const SessionCreated = z.strictObject({
  token: z.string(),
  expiresAt: Instant,
  workspaceId: Id,
  userId: Id,
})

export const Me = z.strictObject({
  userId: Id,
  workspaceId: Id,
  email: z.string(),
  name: z.string(),
  role: z.enum(roles),
  groups: z.array(z.string()),
})

export const AgentCreate = z.strictObject({
  name: Name,
  ownership: z.enum(['user', 'workspace']).default('user'),
  labels: z.array(Label).max(20).default([]),
})

export const Agent = z.strictObject({
  id: Id,
  name: z.string(),
  ownership: z.enum(['user', 'workspace']),
  ownerId: Id,
  labels: z.array(z.string()),
  status: z.enum(['active', 'suspended']),
  createdAt: Instant,
})

export const AgentChange = z.strictObject({
  status: z.enum(['active', 'suspended']).optional(),
  labels: z.array(Label).max(20).optional(),
})

const HOUR_S = 3600
const TOKEN_LIFE_S = { default: HOUR_S, min: 60, max: 90 * 24 * HOUR_S }

export const TokenIssue = z.strictObject({
  lifeSeconds: z.int().min(TOKEN_LIFE_S.min).max(TOKEN_LIFE_S.max).default(TOKEN_LIFE_S.default),
  profile: ProfileName.optional().meta({
    description: 'The one profile that it works at; without it at every MCP endpoint',
  }),
})

export const TokenRotate = z.strictObject({
  lifeSeconds: z.int().min(TOKEN_LIFE_S.min).max(TOKEN_LIFE_S.max).optional(),
  overlapSeconds: z
    .int()
    .min(0)
    .max(24 * HOUR_S)
    .default(0)
    .meta({ description: 'How long the old token goes on working' }),
})

export const AgentToken = z.strictObject({
  id: Id,
  agentId: Id,
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: Instant,
  expiresAt: Instant,
  lastUsedAt: Instant.optional(),
  profile: z.string().optional(),
})

/** The token itself is in this one answer and nowhere else (IDN-13). */
export const TokenCreated = AgentToken.extend({ token: z.string() })

export const User = z.strictObject({
  id: Id,
  email: z.string(),
  name: z.string(),
  role: z.enum(roles),
  status: z.enum(['active', 'suspended']),
  groups: z.array(z.string()),
})

export const GroupName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'a lower-case letter, then letters, digits or "-", 64 at most')
export const Group = z.strictObject({ name: GroupName, members: z.array(Id) })
export const GroupPut = z.strictObject({ members: z.array(Id).max(1000) })
