import { z } from 'zod'

import { Id, Instant } from './common.ts'

const SecretName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,127}$/, 'lower-case letters, digits and . _ -')
const VALUE_BYTES_MAX = 65_536

const SecretValue = z.string().min(1).max(VALUE_BYTES_MAX)

/** Where, and only where, a secret may go. The server's definition hash is part of it (VLT-42). */
const Binding = z.strictObject({
  serverId: Id,
  target: z.enum(['header', 'basic', 'env', 'descriptor']),
  name: z
    .string()
    .min(1)
    .max(128)
    .meta({ description: 'Header, environment variable, or descriptor name' }),
  prefix: z
    .string()
    .max(64)
    .default('')
    .meta({ description: 'Put before the value in a header, such as "Bearer "' }),
  hosts: z
    .array(z.string().max(260))
    .max(50)
    .default([])
    .meta({ description: 'host:port; needed for header targets' }),
  tools: z.array(z.string().max(512)).max(50).default(['*']),
})

export const SecretCreate = z.strictObject({
  name: SecretName,
  kind: z.enum(['api_key', 'basic', 'private_key', 'json', 'env']).default('api_key'),
  value: SecretValue,
  allowShort: z.boolean().default(false),
  expiresAt: Instant.optional(),
})

export const SecretPut = z.strictObject({
  value: SecretValue,
  allowShort: z.boolean().default(false),
  promote: z.boolean().default(true),
})

export const SecretPromote = z.strictObject({ version: z.int().min(1) })

/** A wider binding needs the value again: whoever sets it could already read it (VLT-42). */
export const SecretBind = z.strictObject({ binding: Binding, value: SecretValue })

/** Never a value, a part of one, a length or a fingerprint (VLT-32). */
export const Secret = z.strictObject({
  id: Id,
  name: z.string(),
  kind: z.string(),
  state: z.string(),
  currentVersion: z.int().optional(),
  expiresAt: Instant.optional(),
  createdAt: Instant,
  lastUsedAt: Instant.optional(),
  bindings: z.array(Binding.extend({ id: Id })),
})
