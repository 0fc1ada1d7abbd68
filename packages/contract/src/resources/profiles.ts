import { z } from 'zod'

import { Name, Slug } from './common.ts'

export const ProfileName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'a lower-case letter, then letters, digits or "-", 40 at most')

const ToolPattern = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}\/\P{C}{1,512}$/u, '<server>/<tool>; "*" stands for any text')

const Servers = z.union([z.literal('all'), z.array(Slug).min(1).max(100)])
const Tools = z.union([z.literal('all'), z.array(ToolPattern).max(500)])
const Disclosure = z.enum(['list', 'search'])
const Favourites = z.array(ToolPattern).max(100)

const Eras = z.enum(['any', 'modern', 'legacy'])
const CallsMax = z.int().min(1).max(64)

/** As long as all instructions of an endpoint may be (MCP-28). */
const Instructions = z
  .string()
  .min(1)
  .refine((text) => new TextEncoder().encode(text).length <= 4096, 'at most 4096 bytes')
  .meta({ description: 'What its clients tell their models; 4096 bytes at most' })

/** What a profile shows of one tool differently, and what it fixes of every call of it. */
const ToolOverride = z.strictObject({
  tool: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}\/\P{C}{1,512}$/u, '<server>/<tool>')
    .meta({ description: '<server>/<tool>' }),
  title: Name.exactOptional(),
  suffix: z
    .string()
    .min(1)
    .max(1000)
    .exactOptional()
    .meta({ description: 'Text at the end of its description' }),
  pinned: z
    .record(
      z.string().regex(/^(?!__proto__$)\P{C}{1,200}$/u, 'name of an argument'),
      z.union([z.string().max(4000), z.number(), z.boolean(), z.null()]),
    )
    .default({})
    .meta({ description: 'Arguments that every call has, and no client sees or sends' }),
  keepSeconds: z.int().min(1).max(300).exactOptional().meta({
    description:
      'How long a result may be given again for the same arguments; only of tools labelled read',
  }),
})
const Overrides = z.array(ToolOverride).max(200)

export const ProfileCreate = z.strictObject({
  name: ProfileName,
  title: Name.optional(),
  servers: Servers.default('all'),
  tools: Tools.default('all').meta({
    description: '<server>/<tool>, where "*" stands for any text; "all" for every tool',
  }),
  unprefixed: Slug.optional().meta({
    description: 'The one server whose names and URIs are shown as they are',
  }),
  disclosure: Disclosure.default('list').meta({
    description: '"list" shows every tool; "search" shows tools to find and call them with',
  }),
  favourites: Favourites.default([]).meta({
    description: 'With "search": patterns, as of tools, of what is listed all the same',
  }),
  overrides: Overrides.default([]),
  eras: Eras.default('any').meta({
    description: 'Clients it serves: those of 2026-07-28 and later, older ones, or any',
  }),
  appCalls: z.boolean().default(false).meta({
    description: 'Apps may call tools by the names that their server gave them',
  }),
  sse: z.boolean().default(false).meta({
    description:
      'Serves clients of the transport of 2024-11-05, at the address with /sse behind it',
  }),
  instructions: Instructions.optional(),
  callsMax: CallsMax.optional().meta({ description: 'Calls that one agent has open at once here' }),
})

export const ProfileChange = z
  .strictObject({
    title: Name.optional(),
    servers: Servers.optional(),
    tools: Tools.optional(),
    unprefixed: Slug.nullable().optional(),
    disclosure: Disclosure.optional(),
    favourites: Favourites.optional(),
    overrides: Overrides.optional(),
    eras: Eras.optional(),
    appCalls: z.boolean().optional(),
    sse: z.boolean().optional(),
    instructions: Instructions.nullable().optional(),
    callsMax: CallsMax.nullable().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    message: 'name what is to change',
  })

/** An entry that is not shown, because the un-prefixed server has one of the same name (MCP-111). */
const NameClash = z.strictObject({
  kind: z.enum(['tool', 'prompt', 'resource', 'resource_template', 'skill']),
  name: z.string(),
  server: z.string().meta({ description: 'Slug of the server whose entry is not shown' }),
})

export const Profile = z.strictObject({
  name: z.string(),
  title: z.string(),
  url: z.string().meta({ description: 'Address of its MCP endpoint' }),
  servers: z.union([z.literal('all'), z.array(z.string())]),
  tools: z.union([z.literal('all'), z.array(z.string())]),
  unprefixed: z.string().optional(),
  disclosure: Disclosure,
  favourites: z.array(z.string()),
  overrides: z.array(ToolOverride),
  eras: Eras,
  appCalls: z.boolean(),
  sse: z.boolean(),
  instructions: z.string().optional(),
  callsMax: z.int().optional(),
  clashes: z.array(NameClash),
})
