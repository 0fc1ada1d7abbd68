import { expect, it } from 'vitest'

import { createAdvanceLog } from './advance-log.ts'

it('writes a batch of any size in one statement of the same text (STO-33)', async () => {
  const texts: string[] = []
  const advanceLog = createAdvanceLog(async (text) => {
    texts.push(text)
    return { command: 'SELECT', rowCount: 1, rows: [], oid: 0, fields: [] }
  })
  const root = new Uint8Array(32)
  const entry = {
    log_id: 'ins_1/1',
    event_id: 'evt_1',
    workspace_id: 'wsp_1',
    ts: 0,
    type: 'audit.read',
    outcome: null,
    actor_id: null,
    target: null,
    cause_id: null,
    body: root,
    leaf: root,
  }
  for (const to of [1, 500]) {
    const entries = Array.from({ length: to }, (_, idx) => ({ ...entry, idx }))
    const checkpoint = { root, note: 'note' }
    await advanceLog({
      logId: 'ins_1/1',
      from: 0,
      to,
      closedAt: null,
      entries,
      tiles: [],
      checkpoint,
    })
  }
  expect(texts).toHaveLength(2)
  expect(new Set(texts).size).toBe(1)
})
