import { expect, it } from 'vitest'

import { createBackoff } from './backoff.ts'
import { createBreaker } from './breaker.ts'
import { createGate } from './gate.ts'

const fakeClock = () => {
  const clock = { ms: 1_000_000, nowMs: () => clock.ms }
  return clock
}

it('waits longer after each failed start, up to a minute, and quarantines at the fifth (RUN-49, MCP-58)', () => {
  const clock = fakeClock()
  const backoff = createBackoff(clock, () => 0.999)
  const waits: number[] = []
  const verdicts = [1, 2, 3, 4].map(() => {
    const isQuarantined = backoff.failed()
    const state = backoff.state()
    if (state.kind === 'wait') waits.push(Math.round(state.waitMs))
    return isQuarantined
  })
  expect(verdicts).toEqual([false, false, false, false])
  expect(waits).toEqual([500, 999, 1998, 3996])
  expect(backoff.failed()).toBe(true)
  expect(backoff.state()).toEqual({ kind: 'quarantined' })
})

it('forgets failures after five minutes of health, or ten minutes of time (RUN-49)', () => {
  const clock = fakeClock()
  const backoff = createBackoff(clock, () => 0)
  for (let i = 0; i < 4; i += 1) backoff.failed()
  backoff.healthy()
  clock.ms += 5 * 60_000
  expect(backoff.failed()).toBe(false)
  for (let i = 0; i < 3; i += 1) backoff.failed()
  clock.ms += 10 * 60_000
  expect(backoff.failed()).toBe(false)
})

it('opens after five failures in half a minute, and lets one probe through per pause (RUN-50)', () => {
  const clock = fakeClock()
  const breaker = createBreaker(clock)
  for (let i = 0; i < 4; i += 1) breaker.failed()
  expect(breaker.admit()).toBe('pass')
  breaker.failed()
  expect(breaker.admit()).toBe('refuse')
  clock.ms += 10_000
  expect(breaker.admit()).toBe('probe')
  expect(breaker.admit()).toBe('refuse')
  breaker.succeeded()
  expect(breaker.admit()).toBe('pass')
})

it('counts only failures that come close together (RUN-50)', () => {
  const clock = fakeClock()
  const breaker = createBreaker(clock)
  for (let i = 0; i < 9; i += 1) {
    breaker.failed()
    clock.ms += 10_000
  }
  expect(breaker.admit()).toBe('pass')
})

it('lets callers in by turn, and gives the place of one who left to the next (RUN-45)', async () => {
  const gate = createGate('test', 1)
  const never = new AbortController().signal
  await gate.enter(never)
  const leaving = new AbortController()
  const order: string[] = []
  const gone = gate.enter(leaving.signal)?.catch(() => order.push('gone'))
  const next = gate.enter(never)?.then(() => order.push('next'))
  leaving.abort()
  await gone
  expect(gate.waiting()).toBe(1)
  gate.leave()
  await next
  expect(order).toEqual(['gone', 'next'])
  gate.leave()
  expect(gate.inFlight()).toBe(0)
})
