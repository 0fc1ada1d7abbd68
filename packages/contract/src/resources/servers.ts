import { z } from 'zod'

import { reviewedKinds } from '../words.ts'
import { Id, Instant, Label, Name, Slug } from './common.ts'

const StdioLaunch = z.strictObject({
  kind: z.literal('stdio'),
  command: z.string().min(1).max(4096),
  args: z.array(z.string().max(8192)).max(256).default([]),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(8192)).default({}),
  cwd: z.string().max(4096).optional(),
})

const HttpLaunch = z.strictObject({
  kind: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }).max(2048),
  allowLoopback: z.boolean().default(false),
})

const Root = z.strictObject({
  uri: z.url({ protocol: /^file$/ }).max(4096),
  name: z.string().max(128).optional(),
})

const Launch = z.discriminatedUnion('kind', [StdioLaunch, HttpLaunch])

export const ServerInstall = z.strictObject({
  slug: Slug,
  title: Name.optional(),
  labels: z.array(Label).max(20).default([]),
  era: z.enum(['auto', 'modern', 'legacy']).default('auto'),
  launch: Launch,
  inFlightMax: z.int().min(1).max(256).default(16),
  idleStopMinutes: z.int().min(1).max(1440).default(5),
  relaysBaggage: z.boolean().default(false).meta({
    description: 'Trusted with the `baggage` of a trace, which may tell about people',
  }),
  roots: z.array(Root).max(50).optional().meta({
    description: 'What it hears of its clients’ folders; without, clients are asked themselves',
  }),
  probeUnsafe: z.boolean().default(false).meta({
    description: 'Find out what it speaks on a process of its own, which is then ended',
  }),
  connect: z.boolean().default(true).meta({
    description: 'Read its catalogue at once; false when its secrets are to be bound first',
  }),
})

/** A secret is bound to the definition: after another launch it has to be bound again (VLT-42). */
export const ServerChange = z
  .strictObject({ enabled: z.boolean().optional(), launch: Launch.optional() })
  .refine(({ enabled, launch }) => enabled !== undefined || launch !== undefined, {
    message: 'name what is to change',
  })

export const Server = z.strictObject({
  id: Id,
  slug: z.string(),
  title: z.string(),
  labels: z.array(z.string()),
  enabled: z.boolean(),
  version: z.int(),
  hash: z.string().meta({ description: 'SHA-256 of the exact definition' }),
  era: z.enum(['auto', 'modern', 'legacy']),
  launch: Launch,
  inFlightMax: z.int(),
  idleStopMinutes: z.int(),
  relaysBaggage: z.boolean(),
  roots: z.array(Root).optional(),
  probeUnsafe: z.boolean(),
  state: z.string(),
  reason: z.string().optional(),
  items: z.strictObject({ accepted: z.int(), quarantined: z.int(), changed: z.int() }),
})

export const CatalogueItem = z.strictObject({
  kind: z.enum(reviewedKinds),
  name: z.string(),
  exposed: z.string(),
  state: z.enum(['quarantined', 'accepted', 'changed', 'rejected', 'gone']),
  labels: z.array(z.string()),
  risk: z.int().min(0).max(100),
  pin: z.string(),
  definition: z.unknown(),
})

const ItemRef = z.strictObject({
  kind: z.enum(reviewedKinds),
  name: z.string().max(8192),
  pin: z
    .string()
    .optional()
    .meta({ description: 'Refuse when the item changed since it was read' }),
})

/** Labels that count, as an administrator states them. Unset means write, external, untrusted (POL-49). */
export const ItemsAccept = z.strictObject({
  items: z.union([z.literal('all'), z.array(ItemRef).min(1).max(5000)]),
  labels: z.array(Label).max(20).default([]),
  risk: z.int().min(0).max(100).optional(),
})

export const ItemsReject = z.strictObject({ items: z.array(ItemRef).min(1).max(5000) })

export const ItemsChanged = z.strictObject({ changed: z.int() })

export const LogLines = z.strictObject({
  lines: z.array(z.strictObject({ at: Instant, text: z.string() })),
})
