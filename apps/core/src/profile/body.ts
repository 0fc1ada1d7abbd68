import { z } from 'zod'

const ToolOverride = z.strictObject({
  tool: z.string(),
  title: z.string().exactOptional(),
  suffix: z.string().exactOptional(),
  keepSeconds: z.int().exactOptional(),
  pinned: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})

/** What an administrator chose, as it is stored and recorded. */
const ProfileBody = z.strictObject({
  title: z.string(),
  servers: z.union([z.literal('all'), z.array(z.string()).readonly()]),
  tools: z.union([z.literal('all'), z.array(z.string()).readonly()]),
  unprefixed: z.string().exactOptional(),
  disclosure: z.enum(['list', 'search']).default('list'),
  favourites: z.array(z.string()).readonly().default([]),
  overrides: z.array(ToolOverride).readonly().default([]),
  eras: z.enum(['any', 'modern', 'legacy']).default('any'),
  appCalls: z.boolean().default(false),
  sse: z.boolean().default(false),
  instructions: z.string().exactOptional(),
  callsMax: z.int().exactOptional(),
})

export type ProfileChange = Readonly<{
  [Name in keyof ProfileBody]?:
    | ProfileBody[Name]
    | (undefined extends ProfileBody[Name] ? null : never)
    | undefined
}>

export type ProfileBody = Readonly<z.infer<typeof ProfileBody>>

export const openBody = (text: string): ProfileBody => ProfileBody.parse(JSON.parse(text))

/** What a body becomes by a change: undefined is as before, null is none. */
export function changedBody(body: ProfileBody, change: ProfileChange): ProfileBody {
  const given = Object.entries(change).filter(([, value]) => value !== undefined)
  const members = Object.entries({ ...body, ...Object.fromEntries(given) })
  return ProfileBody.parse(Object.fromEntries(members.filter(([, value]) => value !== null)))
}
