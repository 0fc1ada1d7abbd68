import { z } from 'zod'

/**
 * Where a watcher of events is: the next index by log, and the opening of the newest of those logs. Each start of Core
 * begins a log, so a position has to find those that began, or ended, while nobody watched.
 */
export type EventPosition = Readonly<{
  sinceMs: number
  next: Readonly<Record<string, number>>
}>

const Position = z.strictObject({
  sinceMs: z.int().nonnegative(),
  next: z.record(z.string().max(128), z.int().nonnegative()),
})

/** As the `id` of a server-sent event. It names logs and counts, and gives access to nothing. */
export const encodePosition = (position: EventPosition): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url')

/** What does not parse is forgotten: the watcher then starts with what comes next, as a new one does. */
export function parsePosition(text: string | undefined): EventPosition | undefined {
  if (!text) return undefined
  try {
    return Position.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
  } catch {
    return undefined
  }
}
