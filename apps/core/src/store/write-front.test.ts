import { describe, expect, it } from 'vitest'

import { drafts as createDrafts } from '../../../../tests/support/stores.ts'
import { createWriteFront, type WriteFrontParts } from './write-front.ts'
import { packRequest, unpackRequest, type WriteRequest } from './write-request.ts'

const draft = createDrafts()
const anEvent = () => draft({ type: 'policy.version_published', workspaceId: 'wsp_1', target: 'a' })
const tick = () => new Promise((resolve) => void setImmediate(resolve))
const command = { name: 'lease.acquire', args: { name: 'x'.repeat(10) } } as const

function aFront(over: Partial<WriteFrontParts> = {}) {
  const sent: (readonly WriteRequest[])[] = []
  const topics: string[][] = []
  const front = createWriteFront({
    send: (requests) => void sent.push(requests),
    nowMs: () => 7,
    committed: (touched) => void topics.push([...touched].toSorted()),
    ...over,
  })
  const settleAll = () => front.settle(sent.flat().map(({ seq }) => ({ seq, result: undefined })))
  return { front, sent, topics, settleAll }
}

describe('the callers’ side of the writer', () => {
  it('sends all requests of a tick at once, in order', async () => {
    const { front, sent, settleAll } = aFront()
    const all = [front.append([anEvent()]), front.command(command, []), front.append([anEvent()])]
    await tick()
    expect(sent.map((batch) => batch.map(({ seq }) => seq))).toEqual([[1, 2, 3]])
    settleAll()
    await Promise.all(all)
  })

  it('names the topics that a commit touched, and none for what failed (STO-43)', async () => {
    const { front, sent, topics } = aFront()
    const done = front.append([anEvent()])
    const failed = front.append([draft({ type: 'token.revoked', workspaceId: 'wsp_1' })])
    await tick()
    const [first, second] = sent.flat()
    front.settle([
      { seq: first?.seq ?? 0, result: undefined },
      { seq: second?.seq ?? 0, error: new Error('undone') },
    ])
    await done
    await expect(failed).rejects.toThrow('undone')
    expect(topics).toEqual([['event', 'policy']])
  })

  it('refuses commands when 80 % of the room is taken, and events alone when all is (STO-32)', async () => {
    const { front, settleAll } = aFront({ limits: { requestsMax: 10, bytesMax: 1e9 } })
    const all = Array.from({ length: 8 }, () => front.command(command, []))
    await expect(front.command(command, [])).rejects.toMatchObject({ code: 'store_busy' })
    all.push(front.append([]), front.append([]))
    await expect(front.append([anEvent()])).rejects.toMatchObject({ code: 'audit_unavailable' })
    await tick()
    settleAll()
    await Promise.all(all)
    const again = front.command(command, [])
    await tick()
    settleAll()
    await again
  })

  it('counts the bytes that wait, those in arguments too (STO-32)', async () => {
    const { front } = aFront({ limits: { requestsMax: 100, bytesMax: 1000 } })
    const args = { name: 'x', nested: [{ text: 'y'.repeat(500), blob: new Uint8Array(400) }] }
    void front.command({ name: 'lease.acquire', args }, [])
    await expect(front.command(command, [])).rejects.toMatchObject({ code: 'store_busy' })
  })

  it('tells a caller whose events are not acknowledged in time, and drops a late answer (AUD-22)', async () => {
    const { front, settleAll } = aFront({ ackMsMax: 5 })
    await expect(front.append([anEvent()])).rejects.toMatchObject({ code: 'audit_unavailable' })
    settleAll()
    await front.quiet()
  })

  it('tells everyone who waits when the writer is gone', async () => {
    const { front } = aFront()
    const all = [front.append([anEvent()]), front.command(command, [])]
    front.abandon(new Error('gone'))
    for (const one of all) await expect(one).rejects.toThrow('gone')
    await front.quiet()
  })

  it('brings requests to the other thread unchanged', () => {
    const bare = { seq: 3, drafts: [anEvent(), anEvent()], nowMs: 9, bytes: 20 }
    for (const request of [bare, { ...bare, command: { ...command, requestId: 'req_1' } }]) {
      expect(unpackRequest(structuredClone(packRequest(request)))).toEqual(request)
    }
  })
})
