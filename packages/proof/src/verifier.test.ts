import { describe, expect, it } from 'vitest'

import { parseRecord, writeRecord, type ExportRecord } from './export-format.ts'
import { encodeLeaf, rootOf } from './merkle.ts'
import type { VerifyReport } from './report.ts'
import { exportOf, logOf, plain, publicKeys, verify } from './testing.ts'

const first = logOf('ins_1/1', plain(40))
const second = logOf('ins_1/2', [
  {
    type: 'log.opened',
    detail: {
      previous: {
        log_id: 'ins_1/1',
        size: 40,
        root: Buffer.from(rootOf(first.frontier)).toString('base64'),
      },
    },
  },
  ...plain(30),
])
const lines = exportOf({ 'ins_1/1': first, 'ins_1/2': second })
/** For tests that change every byte. */
const small = exportOf({
  'a/1': logOf('a/1', plain(8), { batch: 4 }),
  'b/1': logOf('b/1', plain(2)),
})
const recordAt = (at: number): ExportRecord => {
  const record = parseRecord(lines[at] ?? '')
  if (!record) throw new Error('no record')
  return record
}
/** Lines of the first log's entries, with their index. */
const entryLines = lines.flatMap((_, at) => {
  const record = at < 2 ? undefined : recordAt(at)
  return record?.kind === 'event' && record.log_id === 'ins_1/1' ? [{ at, idx: record.idx }] : []
})
/** The index that a change of a checkpoint puts in doubt: the first after the last good one. */
const provenBefore = (at: number): number => {
  const before = lines.slice(0, at).map((line) => parseRecord(line))
  const found = before.findLast((record) => record?.kind === 'checkpoint')
  const here = recordAt(at)
  const isSameLog = found?.kind === 'checkpoint' && 'log_id' in here && here.log_id === found.log_id
  return isSameLog ? found.size : 0
}
const bad = (report: VerifyReport, logId = 'ins_1/1') =>
  report.logs.find((log) => log.logId === logId)?.firstBadIndex

describe('an untouched export', () => {
  it('verifies, as a whole and per log (AUD-40)', () => {
    expect(verify(lines)).toMatchObject({
      verdict: 'verified',
      exitCode: 0,
      logs: [
        { logId: 'ins_1/1', size: 40, provenSize: 40, verdict: 'verified' },
        { logId: 'ins_1/2', size: 31, provenSize: 31, verdict: 'verified' },
      ],
      unproven: [],
    })
  })

  it('verifies against every checkpoint that was ever signed (AUD-37)', () => {
    const checkpoints = [...first.notes, ...second.notes]
    expect(verify(lines, { publicKeys, checkpoints }).exitCode).toBe(0)
  })

  it('says what its own keys cannot prove', () => {
    const report = verify(lines, {})
    expect(report).toMatchObject({ exitCode: 0, unproven: [expect.stringContaining('keys')] })
  })

  it('tells clocks that went back from tampering', () => {
    const log = logOf('a/1', [{ ts: 5 }, { ts: 4 }, { ts: 6 }])
    expect(verify(exportOf({ 'a/1': log }))).toMatchObject({
      exitCode: 0,
      logs: [{ backwardsInTime: 1 }],
    })
  })
})

describe('any change is found (AUD-2)', () => {
  it('of any byte of any line, with the exact entry it was done to', () => {
    for (const [at, line] of small.entries()) {
      const record = parseRecord(line)
      if (record?.kind !== 'event' && record?.kind !== 'checkpoint') continue
      const bytes = Buffer.from(line)
      for (let byte = at % 2; byte < bytes.length; byte += 2) {
        const flipped = Buffer.from(bytes)
        flipped[byte] = (bytes[byte] ?? 0) ^ (1 << (byte % 8))
        const report = verify(small.with(at, flipped.toString()))
        const isExact = record.kind === 'checkpoint' || bad(report, record.log_id) === record.idx
        expect([report.exitCode, isExact, byte]).toEqual([1, true, byte])
      }
    }
  })

  it('of any byte of the header and the keys', () => {
    for (const at of [0, 1]) {
      const bytes = Buffer.from(small[at] ?? '')
      for (let byte = 0; byte < bytes.length; byte++) {
        for (const mask of [1, 2, 0x20]) {
          const flipped = Buffer.from(bytes)
          flipped[byte] = (bytes[byte] ?? 0) ^ mask
          const changed = small.with(at, flipped.toString())
          expect(verify(changed).exitCode).toBeGreaterThan(0)
          expect(verify(changed, {}).exitCode).toBeGreaterThan(0)
        }
      }
    }
  })

  it('when an entry is dropped, doubled, or swapped with the next', () => {
    for (const { at, idx } of entryLines) {
      const [line = '', next = ''] = lines.slice(at)
      const dropped = verify(lines.toSpliced(at, 1))
      expect([dropped.exitCode, bad(dropped)]).toEqual([1, idx])
      const doubled = verify(lines.toSpliced(at, 0, line))
      expect([doubled.exitCode, bad(doubled)]).toEqual([1, idx + 1])
      const swapped = verify(lines.with(at, next).with(at + 1, line))
      expect(swapped.exitCode).toBe(1)
      expect(bad(swapped)).toBe(idx)
    }
  })

  it('when a checkpoint is dropped, where only it proved anything, or moved', () => {
    const last = lines.findLastIndex((line) => parseRecord(line)?.kind === 'checkpoint')
    expect(verify(lines.toSpliced(last, 1))).toMatchObject({ verdict: 'incomplete', exitCode: 2 })
    const moved = lines.toSpliced(last, 1).toSpliced(last - 1, 0, lines[last] ?? '')
    expect(verify(moved).exitCode).toBe(1)
  })

  it('when an entry is moved to another log, or renumbered', () => {
    const { at, idx } = entryLines[12] ?? { at: 0, idx: 0 }
    const record = recordAt(at)
    if (record.kind !== 'event') throw new Error('no entry')
    const elsewhere = writeRecord({ ...record, log_id: 'ins_1/2', idx: 0 })
    const start = lines.findIndex((line) => line.includes('"log_id":"ins_1/2","idx":0'))
    const moved = verify(lines.with(start, elsewhere))
    expect([moved.exitCode, bad(moved, 'ins_1/2')]).toEqual([1, 0])
    const shifted = verify(lines.with(at, writeRecord({ ...record, idx: idx + 1 })))
    expect([shifted.exitCode, bad(shifted)]).toEqual([1, idx])
  })

  it('when two entries trade places together with their numbers', () => {
    for (const { at, idx } of entryLines) {
      const [one, other] = [parseRecord(lines[at] ?? ''), parseRecord(lines[at + 1] ?? '')]
      if (one?.kind !== 'event' || other?.kind !== 'event') continue
      const traded = lines
        .with(at, writeRecord({ ...other, idx }))
        .with(at + 1, writeRecord({ ...one, idx: idx + 1 }))
      const report = verify(traded)
      expect([report.exitCode, bad(report)]).toEqual([1, idx])
    }
  })

  it('when a line is spelled in another way, even one that says the same', () => {
    const { at, idx } = entryLines[5] ?? { at: 0, idx: 0 }
    const line = lines[at] ?? ''
    for (const other of [
      ` ${line}`,
      `${line}\r`,
      line.replace('{', '{ '),
      line.replace(',"idx"', ', "idx"'),
      line.replace('}', ',"more":1}'),
      line.replace('"idx"', `"idx":${idx},"idx"`),
      line.replace('"kind"', '"\\u006bind"'),
      line.replace(`"idx":${idx}`, `"idx":${idx}.0`),
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).toReversed())),
      '',
      'null',
    ]) {
      const report = verify(lines.with(at, other))
      expect([report.exitCode, bad(report)]).toEqual([1, idx])
    }
  })

  it('when an entry is rewritten together with its hash: at the next checkpoint', () => {
    for (const { at, idx } of entryLines) {
      const text = JSON.stringify({ v: 1, log_id: 'ins_1/1', idx, ts: idx, forged: true })
      const { body, leaf } = encodeLeaf(text)
      const forged = writeRecord({
        kind: 'event',
        log_id: 'ins_1/1',
        idx,
        leaf: leaf.toString('hex'),
        e: body.toString('base64'),
      })
      const report = verify(lines.with(at, forged))
      expect([report.exitCode, bad(report)]).toEqual([1, provenBefore(at)])
    }
  })

  it('when the log was rewritten and signed again by another key', () => {
    const forged = logOf('ins_1/1', plain(40), { key: Buffer.alloc(32, 9) })
    const report = verify(exportOf({ 'ins_1/1': forged, 'ins_1/2': second }))
    expect([report.exitCode, bad(report)]).toEqual([1, 0])
  })

  it('when whoever holds the key rewrote it, against a checkpoint kept elsewhere (AUD-4)', () => {
    const bodies = plain(40).with(20, { type: 'nothing happened', workspace_id: 'wsp_1' })
    const rewritten = exportOf({ 'ins_1/1': logOf('ins_1/1', bodies) })
    expect(verify(rewritten).exitCode).toBe(0)
    const kept = { publicKeys, checkpoints: [first.notes.at(-1) ?? ''] }
    expect(verify(rewritten, kept)).toMatchObject({ verdict: 'tampered', exitCode: 1 })
  })
})

describe('a missing tail is found (AUD-2)', () => {
  it('by the sizes that the header lists, with the first missing entry', () => {
    for (const { at, idx } of entryLines) {
      const cut = [
        ...lines.slice(0, at),
        ...lines.filter((line) => line.includes('"ins_1/2"')).slice(1),
      ]
      expect(verify(cut).exitCode).toBeGreaterThan(0)
      const end = verify(lines.slice(0, at))
      expect([end.exitCode, bad(end)]).toEqual([
        2,
        end.logs[0]?.provenSize === idx ? idx : bad(end),
      ])
    }
  })

  it('by the next log, when header and tail were cut together (AUD-32)', () => {
    const cut = logOf('ins_1/1', plain(40).slice(0, 28))
    const report = verify(exportOf({ 'ins_1/1': cut, 'ins_1/2': second }))
    expect([report.exitCode, bad(report)]).toEqual([2, 28])
  })

  it('by a checkpoint kept elsewhere, when the export itself looks whole', () => {
    const cut = exportOf({ 'ins_1/1': logOf('ins_1/1', plain(40).slice(0, 28)) })
    expect(verify(cut).exitCode).toBe(0)
    const report = verify(cut, { publicKeys, checkpoints: first.notes })
    expect([report.exitCode, bad(report)]).toEqual([2, 28])
  })

  it('by the next log, when a whole log is gone', () => {
    expect(verify(exportOf({ 'ins_1/2': second }))).toMatchObject({ verdict: 'incomplete' })
  })

  it('by entries that a log got after the next one began', () => {
    const longer = logOf('ins_1/1', plain(44))
    const report = verify(exportOf({ 'ins_1/1': longer, 'ins_1/2': second }))
    expect([report.exitCode, bad(report)]).toEqual([1, 40])
  })

  it('by a checkpoint of a log that is not there', () => {
    const checkpoints = [second.notes[0] ?? '', 'no note at all']
    const report = verify(exportOf({ 'ins_1/1': first }), { publicKeys, checkpoints })
    expect(report).toMatchObject({ exitCode: 2, problem: expect.stringContaining('2 of') })
  })
})
