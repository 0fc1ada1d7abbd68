import fc from 'fast-check'
import { expect, it } from 'vitest'

import { createLineSplitter } from './line-splitter.ts'

function split(chunks: readonly Buffer[], max = 1000): { lines: string[]; isIntact: boolean } {
  const lines: string[] = []
  const splitter = createLineSplitter(max, (line) => lines.push(line.toString('utf8')))
  const isIntact = chunks.every((chunk) => splitter.push(chunk))
  return { lines, isIntact }
}

it('gives the same lines wherever the stream is cut, inside a character too (RUN-9, MCP-58)', () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text) && text !== '')
  const cuts = fc.array(fc.nat(200))
  fc.assert(
    fc.property(fc.array(line), cuts, (lines, places) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      const ends = [...places.filter((at) => at < bytes.length), bytes.length].toSorted(
        (a, b) => a - b,
      )
      const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
      expect(split(chunks, 10_000).lines).toEqual(lines)
    }),
  )
})

it('takes CRLF for a line end and skips empty lines', () => {
  expect(split([Buffer.from('a\r\n\n\r\nb\n')]).lines).toEqual(['a', 'b'])
})

it('gives up on a line beyond its bound, with or without an end (RUN-9)', () => {
  const long = Buffer.alloc(600, 'x')
  expect(split([long, long]).isIntact).toBe(false)
  expect(split([Buffer.concat([long, long, Buffer.from('\n')])]).isIntact).toBe(false)
  expect(split([long, Buffer.from('\n'), long]).isIntact).toBe(true)
})
