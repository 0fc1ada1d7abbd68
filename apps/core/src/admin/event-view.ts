import { z } from 'zod'

import type { Person } from '../model/principal.ts'

/** What a watcher is told of an event: that it happened, and to what. Who may know more reads it by the API. */
export type SeenEvent = Readonly<{
  id: string
  at: number
  type: string
  outcome: string | null
  target?: string | null
  approval?: Readonly<{ id: string; code: string; revision: number }>
}>

type Row = Required<Omit<SeenEvent, 'approval'>> & Readonly<{ body: Uint8Array }>

/** Roles that may see every event; the others see what waits for people, by its id and code alone. */
const SEES_ALL: ReadonlySet<string> = new Set(['owner', 'admin', 'auditor'])

const ApprovalEntry = z.object({
  approval: z.object({ id: z.string(), code: z.string(), revision: z.int() }),
})

/** Nothing when the event is none of the person's business. Ids, types and outcomes, never content (APR-55). */
export function eventSeenBy(
  { role }: Pick<Person, 'role'>,
  { id, at, type, outcome, target, body }: Row,
): SeenEvent | undefined {
  const seen = { id, at, type, outcome }
  const mayAll = SEES_ALL.has(role)
  if (!type.startsWith('approval.')) return mayAll ? { ...seen, target } : undefined
  const entry = ApprovalEntry.safeParse(JSON.parse(Buffer.from(body).toString('utf8')))
  return {
    ...seen,
    ...(mayAll && { target }),
    ...(entry.success && { approval: entry.data.approval }),
  }
}
