import type { Members } from './export-format.ts'

/** Calls whose decision was recorded and whose outcome was not, over all logs of an export (AUD-41). */
export type Intents = Readonly<{
  note: (body: Members) => void
  open: () => Readonly<{ count: number; first: readonly string[] }>
}>

const SHOWN_MAX = 100
const CLOSING: ReadonlySet<unknown> = new Set(['call.completed', 'call.outcome_unknown'])
const INTENDED: ReadonlySet<unknown> = new Set(['allowed', 'pending'])

export function createIntents(): Intents {
  const open = new Set<string>()
  /** Outcomes read before their intent: a replica may close what another one left. */
  const early = new Set<string>()

  return {
    note({ id, type, outcome, cause_id }) {
      if (type === 'call.decided' && INTENDED.has(outcome) && typeof id === 'string') {
        if (!early.delete(id)) open.add(id)
      }
      if (CLOSING.has(type) && typeof cause_id === 'string') {
        if (!open.delete(cause_id)) early.add(cause_id)
      }
    },
    open: () => ({ count: open.size, first: [...open].slice(0, SHOWN_MAX) }),
  }
}
