import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, describe, expect, it } from 'vitest'

import { parseRecord } from './export-format.ts'
import { exportOf, logOf, plain, publicKeys, verify, type LogOf } from './testing.ts'
import { verifyExport } from './verify-export.ts'

const first = logOf('ins_1/1', plain(40))
const lines = exportOf({ 'ins_1/1': first, 'ins_1/2': logOf('ins_1/2', plain(30)) })

describe('a workspace’s export (AUD-42)', () => {
  const hidden = (log: LogOf, workspaceId: string): LogOf => ({
    ...log,
    records: log.records.map((record) => {
      if (record.kind !== 'event' || record.idx % 3 === Number(workspaceId.at(-1))) return record
      const { e: _hidden, ...bare } = record
      return bare
    }),
  })

  it('proves everything and shows nothing of others', () => {
    const shown = exportOf({ 'ins_1/1': hidden(first, 'wsp_1') }, 'wsp_1')
    expect(verify(shown)).toMatchObject({
      exitCode: 0,
      unproven: [expect.stringContaining('other')],
    })
    const decoded = shown
      .map((line) => parseRecord(line))
      .flatMap((record) =>
        record?.kind === 'event' && record.e !== undefined
          ? [Buffer.from(record.e, 'base64').toString()]
          : [],
      )
    expect(decoded.every((text) => text.includes('"wsp_1"'))).toBe(true)
  })

  it('is refused when it shows an entry of another workspace, or hides one in a full export', () => {
    expect(verify(exportOf({ 'ins_1/1': first }, 'wsp_1')).exitCode).toBe(1)
    expect(verify(exportOf({ 'ins_1/1': hidden(first, 'wsp_1') })).exitCode).toBe(1)
  })
})

describe('intents without outcome (AUD-41)', () => {
  const decided = (id: string, outcome = 'allowed') => ({ id, type: 'call.decided', outcome })
  const completed = (cause_id: string) => ({ type: 'call.completed', cause_id })

  it('are counted over all logs, whichever is read first', () => {
    const report = verify(
      exportOf({
        'b/1': logOf('b/1', [{ type: 'call.outcome_unknown', cause_id: 'i3' }]),
        'a/1': logOf('a/1', [
          decided('i1'),
          decided('i2'),
          completed('i1'),
          decided('i3', 'pending'),
          decided('i4', 'denied'),
        ]),
      }),
    )
    expect(report).toMatchObject({ exitCode: 0, openIntents: { count: 1, first: ['i2'] } })
  })
})

describe('an export directory', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })
  function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'peta-proof-'))
    folders.push(folder)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return folder
  }

  it('is read in the order of its file names, wherever it was cut', async () => {
    const text = `${lines.join('\n')}\n`
    const cut = text.indexOf('\n', 9000) + 1
    const folder = folderOf({
      'audit-2.jsonl': text.slice(cut),
      'audit-1.jsonl': text.slice(0, cut),
      'README.txt': 'not read',
    })
    expect(await verifyExport(folder, { publicKeys })).toMatchObject({ exitCode: 0 })
  })

  it('takes no other line break, and no bytes that are not text', async () => {
    const text = Buffer.from(`${lines.join('\n')}\n`)
    const at = text.indexOf('\n', 9000)
    for (const byte of [0x0d, 0x20, 0xff, 0x00]) {
      const changed = Buffer.from(text)
      changed[at] = byte
      const folder = folderOf({ 'audit.jsonl': changed })
      expect((await verifyExport(folder, { publicKeys })).exitCode).toBe(1)
    }
  })

  it('that is missing, empty, or no export is unusable (AUD-40)', async () => {
    for (const folder of [
      '/nowhere/at/all',
      folderOf({}),
      folderOf({ 'audit.jsonl': '{"kind":"event"}\n' }),
      folderOf({ 'audit.jsonl': Buffer.alloc(9 * 1024 * 1024, 0x61) }),
    ]) {
      expect(await verifyExport(folder)).toMatchObject({ verdict: 'unusable', exitCode: 3 })
    }
  })
})
