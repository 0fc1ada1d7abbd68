import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'

import { createStorePlace, engines, type StorePlace } from '../../../../tests/support/stores.ts'
import { systemClock } from '../ground/clock.ts'
import { createIds } from '../ground/ids.ts'
import type { Store } from '../store/store.ts'
import { createBacklog, type Backlog } from './backlog.ts'
import { createCallEvents } from './call-events.ts'
import { createRecord, type RecordCall } from './record.ts'
import { aCall, aDecision, anIntent, anItem } from './testing.ts'

const CALLS = 999
const kinds = [
  anIntent(),
  anIntent({ call: aCall({ item: anItem({ labels: ['read'] }) }) }),
  anIntent({ decision: aDecision({ effect: 'deny' }) }),
]
const Entry = z.looseObject({
  id: z.string(),
  type: z.string(),
  outcome: z.string().optional(),
  cause_id: z.string().optional(),
})

describe.each(engines)('many calls at once on %s', (engine) => {
  let place: StorePlace
  let store: Store
  let record: RecordCall
  let backlog: Backlog

  beforeEach(async () => {
    place = await createStorePlace(engine)
    store = await place.open()
    const { append } = store
    backlog = createBacklog({ append, later: () => undefined })
    const events = createCallEvents({ clock: systemClock, newId: createIds(systemClock) })
    record = createRecord({ append, backlog, events, clock: systemClock })
  })
  afterEach(async () => {
    await store[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  })

  async function makeCalls(): Promise<void> {
    const calls = Array.from({ length: CALLS }, (_, at) => {
      const intent = kinds[at % kinds.length] ?? anIntent()
      const isDenied = intent.decision.effect === 'deny'
      const result = { bytes: Buffer.from('{}'), isError: false }
      return record(intent, async () =>
        isDenied ? { state: 'denied' } : { state: 'done', result },
      )
    })
    await Promise.all(calls)
    await backlog.flush()
  }

  async function entries() {
    const found: z.infer<typeof Entry>[] = []
    for (;;) {
      const range = { logId: 'ins_test/1', from: found.length, to: found.length + 1000 }
      const rows = await store.query('audit.entries', range)
      if (rows.length === 0) return found
      const bodies = rows.map(({ body }) => JSON.parse(Buffer.from(body ?? []).toString()))
      found.push(...bodies.map((body) => Entry.parse(body)))
    }
  }

  it('leave one decision each, and one end each of those that ran (PERF-12)', async () => {
    await makeCalls()
    const all = await entries()
    const decided = all.filter(({ type }) => type === 'call.decided')
    const ran = decided.filter(({ outcome }) => outcome === 'allowed').map(({ id }) => id)
    const ended = all.filter(({ type }) => type === 'call.completed').map((one) => one.cause_id)
    expect(decided).toHaveLength(CALLS)
    expect(new Set(decided.map(({ id }) => id)).size).toBe(CALLS)
    expect(ended).toHaveLength(ran.length)
    expect(new Set(ended)).toEqual(new Set(ran))
    expect(ran).toHaveLength((CALLS / kinds.length) * 2)
  })

  it('share their commits: fewer than one for fifty calls (STO-31)', async () => {
    await makeCalls()
    const range = { logId: 'ins_test/1', from: 0, to: 10 * CALLS }
    const commits = await store.query('audit.checkpoints', range)
    expect(commits.length).toBeLessThan(CALLS / 50)
  })
})
