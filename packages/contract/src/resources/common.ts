import { z } from 'zod'

/** Epoch milliseconds. */
export const Instant = z.int().nonnegative().meta({ description: 'Epoch milliseconds' })

/** `<prefix>_` and 32 hex digits. */
export const Id = z.string().regex(/^[a-z]{2,5}_[0-9a-f]{32}$/)

export const Slug = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}$/, 'a lower-case letter, then letters, digits or "-", 20 at most')

/** Shown to people who decide by it: nothing in it may hide, reorder or break what stands beside it (SEC-73). */
export const Name = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'no line breaks, control or invisible characters')

export const Label = z
  .string()
  .regex(/^[a-z0-9][a-z0-9:._-]{0,63}$/, 'lower-case letters, digits and : . _ -')

export const Empty = z.strictObject({})

/** A page of a list; `next` is absent on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), next: z.string().optional() })

/** Numbers of a query, which are text on the way. */
export const Limit = z.coerce.number<number | string>().int().min(1).max(200)
export const InstantText = z.coerce.number<number | string>().int().nonnegative()

/** `next` of the page before: room for long names, and still short enough for an address. */
export const Cursor = z.string().max(8192)

export const PageQuery = z.strictObject({
  cursor: Cursor.optional(),
  limit: Limit.optional(),
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
