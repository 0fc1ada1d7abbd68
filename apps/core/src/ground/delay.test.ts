import { expect, it } from 'vitest'

import { createDelay } from './delay.ts'

function steppedDelay(delayMs: number) {
  const armed: { atMs: number; run: () => void }[] = []
  const clock = { ms: 0, nowMs: () => clock.ms }
  const timers = {
    after(ms: number, run: () => void) {
      armed.push({ atMs: clock.ms + ms, run })
      return { [Symbol.dispose]: () => undefined }
    },
  }
  const stepTo = (ms: number): void => {
    for (let next = armed.shift(); next; next = armed.shift()) {
      if (next.atMs > ms) {
        armed.unshift(next)
        break
      }
      clock.ms = next.atMs
      next.run()
    }
    clock.ms = ms
  }
  return { later: createDelay(delayMs, { timers, clock }), stepTo, armed }
}

it('runs each when it is due, and none that was taken back', () => {
  const { later, stepTo } = steppedDelay(100)
  const ran: string[] = []
  later(() => ran.push('first'))
  stepTo(40)
  const taken = later(() => ran.push('taken back'))
  stepTo(60)
  later(() => ran.push('last'))
  taken[Symbol.dispose]()
  stepTo(99)
  expect(ran).toEqual([])
  stepTo(159)
  expect(ran).toEqual(['first'])
  stepTo(160)
  expect(ran).toEqual(['first', 'last'])
})

it('has one timer however many wait, and none when nobody does (H11)', () => {
  const { later, stepTo, armed } = steppedDelay(100)
  const waits = Array.from({ length: 1000 }, () => later(() => undefined))
  expect(armed).toHaveLength(1)
  for (const wait of waits) wait[Symbol.dispose]()
  stepTo(100)
  expect(armed).toHaveLength(0)
  later(() => undefined)
  expect(armed).toHaveLength(1)
})

it('runs what is asked for while it runs others', () => {
  const { later, stepTo } = steppedDelay(100)
  const ran: number[] = []
  later(() => {
    ran.push(1)
    later(() => ran.push(2))
  })
  stepTo(200)
  expect(ran).toEqual([1, 2])
})
