import { z } from 'zod'

/** Epoch milliseconds. */
export const Instant = z.int().nonnegative().meta({ description: 'Epoch milliseconds' })

/** `<prefix>_` and 32 hex digits. */
export const Id = z.string().regex(/^[a-z]{2,5}_[0-9a-f]{32}$/)

export const Slug = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}$/, 'a lower-case letter, then letters, digits or "-", 20 at most')

export const Name = z.string().trim().min(1).max(128)

export const Label = z
  .string()
  .regex(/^[a-z0-9][a-z0-9:._-]{0,63}$/, 'lower-case letters, digits and : . _ -')

export const Empty = z.strictObject({})

/** A page of a list; `next` is absent on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), next: z.string().optional() })

export const PageQuery = z.strictObject({
  cursor: z.string().max(2048).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
})

/** RFC 9457 problem details; `type` is the address of the page that explains the code. */
export const Problem = z
  .object({
    type: z.string(),
    code: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: 'Id of the request, as in the process log' }),
  })
  .loose()
