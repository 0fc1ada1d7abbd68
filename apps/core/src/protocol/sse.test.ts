import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createSseDecoder, encodeSseEvent, sseComment } from './sse.ts'

const decode = (chunks: readonly Buffer[], bytesMax = 1000) => {
  const decoder = createSseDecoder(bytesMax)
  return chunks.flatMap((chunk) => decoder.push(chunk))
}

const texts = (chunks: readonly Buffer[]) => decode(chunks).map(({ data }) => data.toString())

describe('decoding (MCP-152)', () => {
  it.each(['\n', '\r', '\r\n'])('ends lines at %j', (end) => {
    const text = [
      ': hi',
      'event: message',
      'id: 7',
      'data: a',
      'data:b',
      '',
      'data: c',
      '',
      '',
    ].join(end)
    const [first, second] = decode([Buffer.from(`${text}x`)])
    expect(first).toMatchObject({ type: 'message', id: '7' })
    expect(first?.data.toString()).toBe('a\nb')
    expect(second?.data.toString()).toBe('c')
  })

  it('gives the same events however the bytes are cut', () => {
    const bytes = Buffer.from(
      '\ufeffdata: {"a":"é😀"}\r\n\r\n:\n\ndata: x\rdata: y\r\rid: 3\ndata\n\nretry: 5\ndata: z\n\n',
    )
    const whole = texts([bytes])
    expect(whole).toEqual(['{"a":"é😀"}', 'x\ny', '', 'z'])
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
        const sorted = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
        expect(texts(chunks)).toEqual(whole)
      }),
    )
  })

  it('does not keep an event that never ends (MCP-151)', () => {
    expect(() => decode([Buffer.alloc(2000, 'x')])).toThrow('result_too_large')
    const lines = Array.from({ length: 200 }, () => Buffer.from('data: xxxxxxx\n'))
    expect(() => decode(lines)).toThrow('result_too_large')
  })

  it.each(['\n', '\r', '\r\n', ':\n\n', 'id: 1\n\n'])(
    'gives up a stream of nothing but %j, however long its server goes on (MCP-151, MCP-152)',
    (text) => {
      expect(() => decode([Buffer.from(text.repeat(1002))])).toThrow('result_too_large')
    },
  )

  it('takes an event of exactly as many bytes as it may have', () => {
    const event = `data: ${'x'.repeat(994)}`
    expect(decode([Buffer.from(`${event}\n\n${event}\n\n`)])).toHaveLength(2)
    expect(() => decode([Buffer.from(`${event}x\n\n`)])).toThrow('result_too_large')
  })

  it('reads nothing more of a stream that it gave up', () => {
    const decoder = createSseDecoder(10)
    expect(() => decoder.push(Buffer.from('data: beyond the bound'))).toThrow('result_too_large')
    expect(decoder.push(Buffer.from('\n\ndata: {}\n\n'))).toEqual([])
  })

  it('drops what is no event', () => {
    expect(texts([sseComment, Buffer.from('event: ping\n\ndata: cut off')])).toEqual([])
  })
})

it('encodes any JSON text as one event that decodes to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1), (value, indent) => {
      const text = JSON.stringify(value, null, indent).replaceAll('\n', indent ? '\r\n' : '\n')
      const [event, ...more] = decode([encodeSseEvent(Buffer.from(text))], 1_000_000)
      expect(more).toEqual([])
      expect(JSON.parse(event?.data.toString() ?? '')).toEqual(JSON.parse(text))
    }),
  )
})
