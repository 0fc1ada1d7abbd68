import { setImmediate as nextTurn } from 'node:timers/promises'

import { expect, it } from 'vitest'

import type { AuditDraft } from '../model/audit-event.ts'
import { createBacklog } from './backlog.ts'

const event = (id: string): AuditDraft => ({
  id,
  tsMs: 0,
  workspaceId: 'wsp_1',
  type: 'call.completed',
  fields: '"type":"call.completed"',
})

// Risk: replies that one commit releases push their outcomes in the very microtasks in which a drain ends.
it('writes what comes while a drain is ending, however late in it (AUD-23)', async () => {
  for (let microtasks = 0; microtasks < 12; microtasks += 1) {
    const written: string[] = []
    const backlog = createBacklog({
      async append(events) {
        const isFirst = written.length === 0
        written.push(...events.map(({ id }) => id))
        if (isFirst) void pushAfter(microtasks, () => backlog.push([event('late')]))
      },
      later: () => undefined,
    })
    backlog.push([event('first')])
    await nextTurn()
    expect({ microtasks, written }).toEqual({ microtasks, written: ['first', 'late'] })
  }
})

async function pushAfter(microtasks: number, push: () => void): Promise<void> {
  for (let turn = 0; turn < microtasks; turn += 1) await Promise.resolve()
  push()
}
