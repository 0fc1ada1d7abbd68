import { beforeEach, describe, expect, it } from 'vitest'

import { createIds } from '../../ground/ids.ts'
import { createKeptEvents, PRIMING, type KeptEvents, type KeptStream } from './kept-events.ts'

const MINUTE_MS = 60_000

let nowMs: number
let kept: KeptEvents

beforeEach(() => {
  nowMs = 1_000
  const clock = { nowMs: () => nowMs }
  kept = createKeptEvents({ clock, newId: createIds(clock) })
})

function createReader() {
  const read: string[] = []
  const ids: string[] = []
  const reader = {
    notify(frame: Buffer, id: string): void {
      read.push(frame.toString())
      ids.push(id)
    },
    prime(id: string): void {
      read.push('')
      ids.push(id)
    },
    end: () => void read.push('end'),
  }
  return { reader, read, ids }
}

const add = (stream: KeptStream, ...texts: readonly string[]): void =>
  texts.forEach((text) => void kept.add(stream, Buffer.from(text)))

const resume = (session: string, id: string) => {
  const another = createReader()
  const found = kept.find(session, id)
  kept.resume(found, another.reader)
  return { ...another, stream: found.stream }
}

const unknown = expect.objectContaining({ code: 'event_unknown' })

describe('a stream that broke (MCP-35)', () => {
  it('is taken up after any of its events, with all that came since, and goes on', () => {
    const first = createReader()
    const stream = kept.open('ses', false, first.reader)
    kept.add(stream, PRIMING)
    add(stream, 'one', 'two')
    kept.leave(stream, first.reader)
    add(stream, 'three')
    const again = resume('ses', first.ids[1] ?? '')
    expect(again.read).toEqual(['two', 'three'])
    add(stream, 'four')
    expect(again.read).toEqual(['two', 'three', 'four'])
    expect(first.read).toEqual(['', 'one', 'two'])
    expect([...first.ids, ...again.ids.slice(1)]).toEqual(
      [1, 2, 3, 4, 5].map((n) => `${stream.id}.${n}`),
    )
  })

  it('has one reader: the last, and the one before is let go', () => {
    const first = createReader()
    const stream = kept.open('ses', false, first.reader)
    add(stream, 'one')
    const second = resume('ses', first.ids[0] ?? '')
    kept.leave(stream, first.reader)
    add(stream, 'two')
    expect([first.read, second.read]).toEqual([['one', 'end'], ['two']])
  })

  it('gives its last event to whoever reads it by then', () => {
    const first = createReader()
    const stream = kept.open('ses', false, first.reader)
    add(stream, 'one')
    const second = resume('ses', first.ids[0] ?? '')
    kept.end(stream, Buffer.from('answer'), first.reader)
    expect(second.read).toEqual(['answer', 'end'])
  })

  it('can be read once more after it ended', () => {
    const first = createReader()
    const stream = kept.open('ses', false, first.reader)
    add(stream, 'one')
    const last = kept.end(stream, Buffer.from('answer'), first.reader)
    expect(first.read).toEqual(['one'])
    expect(last).toBe(`${stream.id}.2`)
    expect(resume('ses', first.ids[0] ?? '').read).toEqual(['answer'])
  })

  it('is unknown to another session, under another event, and to those who guess', () => {
    const { reader, ids } = createReader()
    const stream = kept.open('ses', false, reader)
    add(stream, 'one')
    const [id = ''] = ids
    for (const [session, event] of [
      ['other', id],
      ['ses', `${stream.id}.2`],
      ['ses', `${stream.id}.-1`],
      ['ses', `${stream.id}.`],
      ['ses', `${stream.id}x.1`],
      ['ses', ''],
    ] as const) {
      expect(() => kept.find(session, event)).toThrow(unknown)
    }
    expect(kept.find('ses', id).stream).toBe(stream)
  })
})

describe('what is kept is bounded (MCP-35)', () => {
  it.each([
    ['events', Array.from({ length: 257 }, (_, index) => String(index))],
    ['bytes', ['x', 'y'.repeat(600_000), 'z'.repeat(600_000)]],
  ])('an event goes with too many %s after it, and nothing is ever skipped', (_, texts) => {
    const { reader, ids } = createReader()
    const stream = kept.open('ses', false, reader)
    kept.add(stream, PRIMING)
    add(stream, ...texts)
    expect(() => kept.find('ses', ids[0] ?? '')).toThrow(unknown)
    const [last = ''] = texts.slice(-1)
    expect(resume('ses', ids.at(-2) ?? '').read).toEqual([last])
  })

  it('a stream that nobody reads is gone once it overflows', () => {
    const { reader, ids } = createReader()
    const stream = kept.open('ses', false, reader)
    add(stream, 'one')
    kept.leave(stream, reader)
    add(stream, ...Array.from({ length: 256 }, String))
    for (const id of [ids[0] ?? '', `${stream.id}.200`]) {
      expect(() => kept.find('ses', id)).toThrow(unknown)
    }
  })

  it('all streams together keep 64 MiB, and the oldest go first', () => {
    const streams = Array.from({ length: 65 }, () => {
      const { reader, ids } = createReader()
      const stream = kept.open('ses', false, reader)
      add(stream, 'x'.repeat(1024 * 1024))
      return ids[0] ?? ''
    })
    expect(() => kept.find('ses', streams[0] ?? '')).toThrow(unknown)
    expect(kept.find('ses', streams[1] ?? '').from).toBe(1)
  })

  it('what nobody came back for in ten minutes is forgotten, and what is read is not', () => {
    const gone = createReader()
    const here = createReader()
    const left = kept.open('ses', false, gone.reader)
    const read = kept.open('ses', true, here.reader)
    add(left, 'one')
    add(read, 'two')
    kept.leave(left, gone.reader)
    nowMs += 10 * MINUTE_MS - 1
    kept.sweep()
    expect(kept.find('ses', gone.ids[0] ?? '').stream).toBe(left)
    nowMs += 1
    kept.sweep()
    expect(() => kept.find('ses', gone.ids[0] ?? '')).toThrow(unknown)
    expect(kept.find('ses', here.ids[0] ?? '').stream).toBe(read)
  })
})
