import { expect, it } from 'vitest'

import type { AuditDraft } from '../model/audit-event.ts'
import { createIds } from '../ground/ids.ts'
import { createLog } from '../ground/log.ts'
import { createDraft } from './event.ts'
import { watchClock } from './watch-clock.ts'

function watched() {
  const at = { wallMs: 1_000_000, steadyMs: 0 }
  const clock = { nowMs: () => at.wallMs, monotonicUs: () => at.steadyMs * 1000 }
  const events: AuditDraft[] = []
  let look = (): void => undefined
  watchClock({
    clock,
    timers: {
      every(_, run) {
        look = run
        return { [Symbol.dispose]: () => undefined }
      },
    },
    append: async (drafts) => void events.push(...drafts),
    draft: createDraft({ clock, newId: createIds(clock) }),
    log: createLog('silent'),
  })
  return {
    events,
    /** Time passes, and somebody moves the wall clock meanwhile. */
    pass: (ms: number, movedMs = 0): void => {
      at.steadyMs += ms
      at.wallMs += ms + movedMs
      look()
    },
  }
}

it('records that the wall clock went back more than two seconds, once, and by how much (STO-37)', () => {
  const { events, pass } = watched()
  pass(1000)
  pass(1000, -5000)
  pass(1000)
  expect(events).toMatchObject([{ type: 'system.clock_jump', workspaceId: '' }])
  expect(events[0]?.fields).toContain('"back_ms":5000')
})

it('finds a step that hides behind a long wait', () => {
  const { events, pass } = watched()
  pass(60_000, -5000)
  expect(events).toHaveLength(1)
})

it('says nothing of small steps, and of clocks that go forward', () => {
  const { events, pass } = watched()
  pass(1000, -2000)
  pass(1000, 3_600_000)
  pass(1000)
  expect(events).toEqual([])
})
