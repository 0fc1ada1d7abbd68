import { describe, expect, it } from 'vitest'

import { AbortedError } from '../ground/abort.ts'
import { CoreError } from '../ground/errors.ts'
import { createIds } from '../ground/ids.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import { BACKLOG_EVENTS_MAX, createBacklog } from './backlog.ts'
import { createCallEvents } from './call-events.ts'
import { createRecord, type RecordedOutcome } from './record.ts'
import { aCall, aDecision, anIntent, anItem } from './testing.ts'

const ids = { pending: 'APR', done: 'x' }
const done = { state: 'done', result: { bytes: Buffer.from('{}'), isError: false } } as const
const status = (state: 'PENDING' | 'DENIED' | 'EXPIRED') =>
  ({ approvalId: ids.pending, state, expiresAtMs: 0, retryAfterMs: 0, leftMs: 0 }) as const
const readIntent = anIntent({ call: aCall({ item: anItem({ labels: ['read'] }) }) })

/** A log whose commits the test lets happen, one by one or all. */
function setUp() {
  const committed: AuditDraft[] = []
  const waiting: { events: readonly AuditDraft[]; commit: () => void; fail: () => void }[] = []
  let mode: 'commit' | 'fail' | 'wait' = 'commit'
  const append = (events: readonly AuditDraft[]): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const commit = () => {
      committed.push(...events)
      resolve()
    }
    const fail = () => reject(new CoreError('audit_unavailable'))
    if (mode === 'commit') commit()
    else if (mode === 'fail') fail()
    else waiting.push({ events, commit, fail })
    return promise
  }
  const later: (() => void)[] = []
  const clock = { nowMs: () => 1, monotonicUs: () => 5 }
  const backlog = createBacklog({ append, later: (_ms, run) => void later.push(run) })
  const events = createCallEvents({ clock, newId: createIds(clock) })
  const record = createRecord({ append, backlog, events, clock })
  return {
    record,
    backlog,
    committed,
    waiting,
    later,
    log: () => committed.map(({ type, outcome }) => `${type} ${outcome}`),
    set mode(next: 'commit' | 'fail' | 'wait') {
      mode = next
    },
  }
}

const ticks = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

describe('a call that may change something', () => {
  it('starts only once its decision is durable, and answers only once its outcome is (AUD-1, AUD-23)', async () => {
    const at = setUp()
    at.mode = 'wait'
    let hasStarted = false
    let hasAnswered = false
    const call = at
      .record(anIntent(), async () => {
        hasStarted = true
        return done
      })
      .then(() => (hasAnswered = true))
    await ticks()
    expect([hasStarted, hasAnswered]).toEqual([false, false])
    at.waiting.shift()?.commit()
    await ticks()
    expect([hasStarted, hasAnswered]).toEqual([true, false])
    at.waiting.shift()?.commit()
    await call
    expect(at.log()).toEqual(['call.decided allowed', 'call.completed executed'])
    expect(at.committed[1]?.causeId).toBe(at.committed[0]?.id)
  })

  it('never starts when its decision cannot be written (AUD-22)', async () => {
    const at = setUp()
    at.mode = 'fail'
    let hasStarted = false
    const call = at.record(anIntent(), async () => {
      hasStarted = true
      return done
    })
    await expect(call).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect(hasStarted).toBe(false)
  })

  it('is not told to repeat what ran but could not be written', async () => {
    const at = setUp()
    const call = at.record(anIntent(), async () => {
      at.mode = 'fail'
      return done
    })
    await expect(call).rejects.toMatchObject({ code: 'outcome_unknown' })
  })

  it('counts as one even with the label read, when a person approved it (AUD-23)', async () => {
    const at = setUp()
    await at.record(readIntent, async () => done)
    at.mode = 'wait'
    let hasStarted = false
    const decision = aDecision({ effect: 'require_approval' })
    const call = at.record({ ...readIntent, decision }, async () => {
      hasStarted = true
      return done
    })
    await ticks()
    expect(hasStarted).toBe(false)
    at.mode = 'commit'
    at.waiting.shift()?.commit()
    await call
  })

  it.each(['write', 'destructive'])('stays one when it is labelled read and %s', async (label) => {
    const at = setUp()
    await at.record(readIntent, async () => done)
    at.mode = 'wait'
    let hasStarted = false
    const item = anItem({ labels: ['read', label] })
    const call = at.record(anIntent({ call: aCall({ item }) }), async () => {
      hasStarted = true
      return done
    })
    await ticks()
    expect(hasStarted).toBe(false)
    at.mode = 'commit'
    at.waiting.shift()?.commit()
    await call
  })
})

describe('a read', () => {
  it('may start while its decision is being written, but its answer waits for it (H8)', async () => {
    const at = setUp()
    await at.record(readIntent, async () => done)
    at.mode = 'wait'
    let hasStarted = false
    let hasAnswered = false
    const call = at
      .record(readIntent, async () => {
        hasStarted = true
        return done
      })
      .then(() => (hasAnswered = true))
    await ticks()
    expect([hasStarted, hasAnswered]).toEqual([true, false])
    at.waiting.shift()?.commit()
    await call
    expect(at.waiting.length).toBe(1)
  })

  it('does not start ahead of its record while the log is not known to work (AUD-1)', async () => {
    const at = setUp()
    at.mode = 'fail'
    let starts = 0
    const work = async () => {
      starts += 1
      return done
    }
    await expect(at.record(readIntent, work)).rejects.toMatchObject({ code: 'audit_unavailable' })
    await expect(at.record(readIntent, work)).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect(starts).toBe(0)
  })

  it('that ran while the log failed is answered with the failure, and recorded as soon as it can be', async () => {
    const at = setUp()
    await at.record(readIntent, async () => done)
    at.mode = 'fail'
    await expect(at.record(readIntent, async () => done)).rejects.toMatchObject({
      code: 'audit_unavailable',
    })
    at.mode = 'commit'
    await ticks()
    for (const retry of at.later.splice(0)) retry()
    await at.backlog.flush()
    expect(at.log().slice(-2)).toEqual(['call.decided allowed', 'call.completed executed'])
  })

  it('is refused while too many outcomes wait, and none of those is dropped (AUD-23)', async () => {
    const at = setUp()
    await at.record(readIntent, async () => done)
    at.mode = 'wait'
    const one = at.committed[0]
    const many = Array.from({ length: BACKLOG_EVENTS_MAX }, () => one).filter(
      (e) => e !== undefined,
    )
    at.backlog.push(many)
    await expect(at.record(readIntent, async () => done)).rejects.toMatchObject({
      code: 'audit_unavailable',
    })
    await expect(at.record(anIntent(), async () => done)).rejects.toMatchObject({
      code: 'audit_unavailable',
    })
    at.mode = 'commit'
    at.waiting.shift()?.commit()
    await at.backlog.flush()
    expect(at.committed.length).toBe(BACKLOG_EVENTS_MAX + 2)
    await expect(at.record(readIntent, async () => done)).resolves.toBe(done)
  })

  it('waits with others for one commit (AUD-20)', async () => {
    const at = setUp()
    await at.record(readIntent, async () => done)
    at.mode = 'wait'
    const calls = Array.from({ length: 5 }, () => at.record(readIntent, async () => done))
    await ticks()
    for (const { commit } of at.waiting.splice(0)) commit()
    await Promise.all(calls)
    expect(at.waiting.map(({ events }) => events.length)).toEqual([1])
    at.waiting.shift()?.commit()
    await ticks()
    expect(at.waiting.map(({ events }) => events.length)).toEqual([4])
  })
})

describe('how a call ended', () => {
  const outcomes: [string, RecordedOutcome | Error, string | undefined][] = [
    ['a result', done, 'executed'],
    ['an error result', { ...done, result: { ...done.result, isError: true } }, 'failed'],
    ['waiting for a person', { state: 'pending', status: status('PENDING') }, 'pending'],
    ['a person’s no', { state: 'refused', status: status('DENIED') }, 'denied'],
    ['nobody’s answer', { state: 'refused', status: status('EXPIRED') }, 'expired'],
    ['a failure before sending', new CoreError('vault_sealed'), 'failed'],
    ['a time-out', new CoreError('call_timed_out'), 'unknown'],
    ['an unknown outcome', new CoreError('outcome_unknown'), 'unknown'],
    ['a client that gave up', new AbortedError('gone'), 'unknown'],
    ['a defect of ours', new TypeError('x'), 'failed'],
  ]
  it.each(outcomes)('is recorded for %s', async (_name, end, outcome) => {
    const at = setUp()
    const call = at.record(anIntent(), async () => {
      if (end instanceof Error) throw end
      return end
    })
    const [settled] = await Promise.allSettled([call])
    expect(settled).toMatchObject(end instanceof Error ? { reason: end } : { value: end })
    expect(at.log()).toEqual(['call.decided allowed', `call.completed ${outcome}`])
  })

  it('is one event for a denied call (AUD-20)', async () => {
    const at = setUp()
    const decision = aDecision({ effect: 'deny' })
    await at.record(anIntent({ decision }), async () => ({ state: 'denied' }))
    expect(at.log()).toEqual(['call.decided denied'])
  })
})
