import type { AuditDraft } from '../model/audit-event.ts'
import type { Person } from '../model/principal.ts'
import { createIds } from '../ground/ids.ts'
import { openTestStore } from '../store/testing.ts'
import type { DraftEvent } from './draft.ts'
import { openIdentity } from './identity.ts'

/** A whole identity stage on a real store in memory, with a clock and timers that a test moves. */
export async function openTestIdentity() {
  let nowMs = 1_790_000_000_000
  const clock = { nowMs: () => nowMs, monotonicUs: () => nowMs * 1000 }
  const newId = createIds(clock)
  const store = await openTestStore({ clock })
  const ticks: (() => void)[] = []
  const warnings: unknown[] = []

  const open = () =>
    openIdentity({
      store,
      pepper: () => Buffer.alloc(32, 3),
      draft: draftWith(newId, clock.nowMs),
      clock,
      newId,
      log: { warn: (fields: unknown) => void warnings.push(fields) },
      timers: {
        every(_periodMs, run) {
          ticks.push(run)
          return { [Symbol.dispose]: () => void ticks.splice(ticks.indexOf(run), 1) }
        },
      },
    })
  const identity = await open()

  return {
    identity,
    store,
    warnings,
    /** A second process on the same database. */
    open,
    advance: (ms: number) => void (nowMs += ms),
    tick: () => ticks.forEach((run) => run()),
    types: () => store.drafts().map(({ type }) => type),
    async setUp(): Promise<Person> {
      const { link } = await identity.links.create()
      const { token } = await identity.setup.complete({
        link,
        email: 'ana@example.com',
        name: 'Ana',
      })
      return identity.person(`Bearer ${token}`)
    },
  }
}

export type TestIdentity = Awaited<ReturnType<typeof openTestIdentity>>

/** Events as the audit stage would draft them, with their fields as plain JSON. */
const draftWith =
  (newId: (prefix: string) => string, nowMs: () => number): DraftEvent =>
  ({ fields, ...event }): AuditDraft => ({
    id: newId('evt'),
    tsMs: nowMs(),
    ...event,
    fields: `"detail":${JSON.stringify(fields ?? {})}`,
  })
