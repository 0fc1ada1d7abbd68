import { describe, expect, it } from 'vitest'

import { createWriteQueue } from './write-queue.ts'
import type { WriteRequest } from './write-request.ts'

const MIB = 1024 * 1024
let seq = 0
const events = (bytes = 1): WriteRequest => ({ seq: ++seq, drafts: [], nowMs: 0, bytes })
const command = (): WriteRequest => ({
  ...events(),
  command: { name: 'lease.acquire', args: {} },
})
const many = (count: number, make: () => WriteRequest) => Array.from({ length: count }, make)
const isCommand = (request: WriteRequest) => request.command !== undefined

describe('a batch of writes (STO-31, STO-32)', () => {
  it('closes at 500 requests and keeps the rest', () => {
    const queue = createWriteQueue()
    queue.push(many(700, events))
    expect([...queue.next(() => 0)]).toHaveLength(500)
    expect(queue.size()).toBe(200)
  })

  it('closes once it holds 4 MiB', () => {
    const queue = createWriteQueue()
    queue.push(many(10, () => events(MIB)))
    expect([...queue.next(() => 0)]).toHaveLength(4)
  })

  it('takes what arrives while it is open, for 2 ms', () => {
    const queue = createWriteQueue()
    let nowUs = 0
    queue.push([events()])
    const taken: WriteRequest[] = []
    for (const request of queue.next(() => nowUs)) {
      taken.push(request)
      nowUs += 600
      queue.push([events()])
    }
    expect(taken).toHaveLength(4)
    expect(queue.size()).toBe(1)
  })

  it('takes all that was queued when it opened, however long they run', () => {
    const queue = createWriteQueue()
    let nowUs = 0
    queue.push(many(50, events))
    expect([...queue.next(() => (nowUs += 10_000))]).toHaveLength(50)
  })

  it('lets neither commands nor events alone wait for all of the other', () => {
    const queue = createWriteQueue()
    queue.push([...many(1000, command), ...many(1000, events)])
    const batch = [...queue.next(() => 0)]
    expect(batch.filter(isCommand)).toHaveLength(100)
    expect(batch.filter((request) => !isCommand(request))).toHaveLength(400)
  })

  it('gives each lane in the order of asking', () => {
    const queue = createWriteQueue()
    const asked = many(3000, events)
    queue.push(asked)
    const taken: WriteRequest[] = []
    while (queue.size() > 0) taken.push(...queue.next(() => 0))
    expect(taken).toEqual(asked)
  })
})
