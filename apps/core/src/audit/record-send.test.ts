import { describe, expect, it } from 'vitest'

import { drafts } from '../../../../tests/support/stores.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import { createRecordSend } from './record-send.ts'
import { aCall, anItem, aPrincipal } from './testing.ts'

function recording(append?: () => Promise<void>) {
  const written: AuditDraft[] = []
  const recordSend = createRecordSend({
    append: append ?? (async (events) => void written.push(...events)),
    draft: drafts(),
  })
  const send = async (call = aCall(), attempt = 1) =>
    recordSend({ call, principal: aPrincipal() }, attempt)
  return { written, send }
}

const labelled = (...labels: string[]) => aCall({ item: anItem({ labels }) })

describe('the record of a send (AUD-23)', () => {
  it.each([
    ['a write', labelled('write')],
    ['a destructive call', labelled('destructive')],
    ['a tool that nobody labelled', labelled()],
    ['a tool that reads and also writes', labelled('read', 'write')],
    ['a tool that reads and also destroys', labelled('read', 'destructive')],
  ])('is made of %s before it leaves', async (_, call) => {
    const { written, send } = recording()
    await send(call)
    expect(written).toMatchObject([{ type: 'call.sent', workspaceId: call.workspaceId }])
  })

  it.each([
    ['a tool that only reads', labelled('read')],
    ['a resource', aCall({ action: 'resource.read' })],
    ['a prompt', aCall({ action: 'prompt.get' })],
  ])('is left to the decision for %s', async (_, call) => {
    const { written, send } = recording()
    await send(call)
    expect(written).toEqual([])
  })

  it('keeps the call from leaving when it cannot be written', async () => {
    const { send } = recording(() => Promise.reject(new Error('full')))
    await expect(send(labelled('write'))).rejects.toThrow('full')
  })
})

describe('the record of a further send (AUD-25)', () => {
  it.each([
    ['a read', labelled('read')],
    ['a write', labelled('write')],
  ])('is made of %s each time, under the id that the decision has', async (_, call) => {
    const { written, send } = recording()
    for (const attempt of [1, 2, 3]) await send(call, attempt)
    const requests = written.map(({ fields }) => JSON.parse(`{${fields}}`).request)
    expect(requests.slice(-2)).toEqual([
      { call_id: call.id, attempt: 2 },
      { call_id: call.id, attempt: 3 },
    ])
  })
})
