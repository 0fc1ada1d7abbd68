import { z } from 'zod'

/** What an administrator chose, as it is stored and recorded. */
const ProfileBody = z.strictObject({
  title: z.string(),
  servers: z.union([z.literal('all'), z.array(z.string())]),
  tools: z.union([z.literal('all'), z.array(z.string())]),
  unprefixed: z.string().optional(),
})

export type ProfileBody = Readonly<z.infer<typeof ProfileBody>>

export const openBody = (text: string): ProfileBody => ProfileBody.parse(JSON.parse(text))
