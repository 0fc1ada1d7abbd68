import { describe, expect, it } from 'vitest'

import type { WriteRequest } from '../write-request.ts'
import { createPacedSend } from './paced-send.ts'

const request = (seq: number): WriteRequest => ({ seq, drafts: [], nowMs: 0, bytes: 0 })

function paced() {
  const posted: number[][] = []
  const pace = createPacedSend((requests) => posted.push(requests.map(({ seq }) => seq)))
  return { posted, pace }
}

describe('requests on their way to the writer', () => {
  it('go at once while at most one message is under way', () => {
    const { posted, pace } = paced()
    pace.send([request(1)])
    pace.send([request(2), request(3)])
    expect(posted).toEqual([[1], [2, 3]])
  })

  it('wait while two messages are under way, and then go as one', () => {
    const { posted, pace } = paced()
    for (const seq of [1, 2, 3, 4]) pace.send([request(seq)])
    expect(posted).toEqual([[1], [2]])
    pace.answered(1)
    expect(posted).toEqual([[1], [2], [3, 4]])
  })

  it('never wait for a message that is answered in parts', () => {
    const { posted, pace } = paced()
    pace.send([request(1), request(2)])
    pace.send([request(3)])
    pace.send([request(4)])
    pace.answered(1)
    expect(posted).toHaveLength(2)
    pace.answered(1)
    expect(posted).toEqual([[1, 2], [3], [4]])
  })

  it('are all posted, each once and in order', () => {
    const { posted, pace } = paced()
    let answered = 0
    for (let seq = 0; seq < 100; seq += 1) {
      pace.send([request(seq)])
      if (seq % 7 > 0) continue
      const due = posted.flat().length
      pace.answered(due - answered)
      answered = due
    }
    for (; answered < posted.flat().length; answered += 1) pace.answered(1)
    expect(posted.flat()).toEqual(Array.from({ length: 100 }, (_, seq) => seq))
  })
})
