import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { isCoreError } from '../ground/errors.ts'
import { parseClientMessage } from './frame.ts'
import { readMembers, readValue } from './members.ts'
import { clientMessage } from './places.ts'
import { isExactInDouble } from '../ground/exact-number.ts'
import { scan } from './scan.ts'

const strict = { depthMax: 64, isStrict: true } as const
const lax = { depthMax: 128, isStrict: false } as const

const scanText = (text: string | Buffer, rules: typeof strict | typeof lax = strict) =>
  scan(Buffer.from(text), clientMessage, rules)

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'accepted'
  } catch (error) {
    if (!isCoreError(error)) throw error
    return error.code
  }
}

const call = (params: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe('what two parsers might read differently (MCP-90)', () => {
  it.each([
    ['a name twice in the envelope', '{"jsonrpc":"2.0","method":"a","method":"b"}'],
    ['a name twice in params', call('{"name":"a","name":"b"}')],
    ['a name twice in arguments', call('{"arguments":{"x":1,"x":2}}')],
    ['a name twice, once with an escape', call('{"name":"a","n\\u0061me":"b"}')],
    ['a name twice among many', call(`{${many(40)},"m7":1}`)],
    ['Method beside method', '{"jsonrpc":"2.0","method":"a","Method":"b"}'],
    ['PARAMS', '{"jsonrpc":"2.0","method":"a","PARAMS":{}}'],
    ['_Meta', call('{"_Meta":{}}')],
    ['Name', call('{"Name":"a"}')],
    ['Name with an escape', call('{"\\u004eame":"a"}')],
    ['a long s for an s', call('{"argument\u017f":{}}')],
    ['ProgressToken in _meta', call('{"_meta":{"ProgressToken":1}}')],
    ['__proto__', call('{"arguments":{"__proto__":{"x":1}}}')],
    ['__proto__ with an escape', call('{"arguments":{"__pr\\u006fto__":1}}')],
    ['half a surrogate pair', call('{"name":"\\ud83d"}')],
    ['a low surrogate first', call('{"name":"\\ude00\\ud83d"}')],
    ['depth beyond 64', call(`{"arguments":{"x":${nested(63)}}}`)],
    ['a number beyond 64 characters', call(`{"arguments":{"x":1${'0'.repeat(64)}}}`)],
    ['id null', '{"jsonrpc":"2.0","id":null,"method":"a"}'],
    ['id with a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"a"}'],
    ['id beyond the safe integers', '{"jsonrpc":"2.0","id":9007199254740993,"method":"a"}'],
    ['id beyond 256 characters', `{"jsonrpc":"2.0","id":"${'x'.repeat(257)}","method":"a"}`],
    ['id that is an object', '{"jsonrpc":"2.0","id":{},"method":"a"}'],
    ['another jsonrpc', '{"jsonrpc":"1.0","id":1,"method":"a"}'],
    ['no method and no result', '{"jsonrpc":"2.0","id":1}'],
    ['a request that is also a response', '{"jsonrpc":"2.0","id":1,"method":"a","result":{}}'],
    ['both result and error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}'],
    ['params that are a list', '{"jsonrpc":"2.0","id":1,"method":"a","params":[]}'],
    ['a string', '"hello"'],
  ])('refuses %s', (_what, text) => {
    expect(codeOf(() => parseClientMessage(Buffer.from(text)))).toBe('frame_invalid')
  })

  it.each([
    ['a byte order mark', Buffer.from('\ufeff{"jsonrpc":"2.0","method":"a"}')],
    ['bytes after the end', Buffer.from('{"jsonrpc":"2.0","method":"a"} {}')],
    ['a byte that is no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['a raw surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a control character', Buffer.from('{"a":"\u0001"}')],
    ['nothing', Buffer.from('')],
    ['a comment', Buffer.from('{} // no')],
    ['a trailing comma', Buffer.from('[1,]')],
    ['a number with a leading zero', Buffer.from('[01]')],
    ['a bare minus', Buffer.from('[-]')],
  ])('takes %s for no JSON', (_what, bytes) => {
    expect(codeOf(() => parseClientMessage(bytes))).toBe('not_json')
  })

  it('leaves the case of argument names to the user', () => {
    const text = call('{"name":"a","arguments":{"Name":1,"name":2,"METHOD":3}}')
    expect(codeOf(() => parseClientMessage(Buffer.from(text)))).toBe('accepted')
  })

  it('takes exactly 64 levels, 64 characters and ids of 256', () => {
    const text = `{"jsonrpc":"2.0","id":"${'x'.repeat(256)}","method":"a","params":{"arguments":${nested(62)},"n":0.${'1'.repeat(62)}}}`
    expect(codeOf(() => parseClientMessage(Buffer.from(text)))).toBe('accepted')
  })
})

describe('numbers that a double does not hold (POL-13)', () => {
  it.each([
    '9007199254740992',
    '-9007199254740993',
    '1e16',
    '1e400',
    '1e-400',
    '0.10000000000000000555',
  ])('notes %s', (number) => {
    expect(scanText(call(`{"arguments":{"x":${number}}}`)).lossyNumber).toBeDefined()
  })

  it.each([
    '9007199254740991',
    '1.0',
    '1e3',
    '0.1',
    '3.141592653589793',
    '-0',
    '1.50e1',
    '0.0000001',
  ])('takes %s', (number) => {
    expect(isExactInDouble(number)).toBe(true)
    expect(scanText(call(`{"arguments":{"x":${number}}}`)).lossyNumber).toBeUndefined()
  })

  it('holds every double within the safe integers, as JavaScript writes it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const isSmall = Math.abs(value) <= Number.MAX_SAFE_INTEGER
        expect(isExactInDouble(JSON.stringify(value))).toBe(isSmall)
      }),
    )
  })
})

describe('any bytes', () => {
  const mutated = fc
    .tuple(
      fc.json(),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
    )
    .map(([json, edits]) => {
      const bytes = Buffer.from(json)
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte
      return bytes
    })

  it('never throws anything but CoreError, and accepts a subset of JSON.parse', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          for (const rules of [strict, lax]) {
            const isAccepted = codeOf(() => scan(bytes, clientMessage, rules)) === 'accepted'
            expect(isAccepted && !isJson(bytes)).toBe(false)
          }
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('accepts whatever JSON.stringify writes without repeated meaning', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify({ arguments: value }, null, 1)
        const expected = text.includes('"__proto__":') ? 'frame_invalid' : 'accepted'
        expect(codeOf(() => scanText(text))).toBe(expected)
      }),
    )
  })

  it('notes spans that are exactly the values', () => {
    const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/)
    fc.assert(
      fc.property(fc.string(), fc.jsonValue({ maxDepth: 4 }), space, (name, args, gap) => {
        fc.pre(!JSON.stringify(args).includes('"__proto__":'))
        const text = `${gap}{"jsonrpc":"2.0",${gap}"id"${gap}:7,"params":{"x":[{"name":"no"}],"name":${gap}${JSON.stringify(name)}${gap},"arguments"${gap}:${JSON.stringify(args)}${gap}}}`
        const bytes = Buffer.from(text)
        const { spans } = scan(bytes, clientMessage, lax)
        const at = (span: readonly [number, number] = [0, 0]) => bytes.toString('utf8', ...span)
        expect(at(spans.id)).toBe('7')
        expect(at(spans.name)).toBe(JSON.stringify(name))
        expect(at(spans.arguments)).toBe(JSON.stringify(args))
      }),
    )
  })

  it('finds the same end of a long string by jumping as by looking', () => {
    const part = fc.constantFrom('plain '.repeat(20), '\\"', '\\\\', 'é', 'x', '\\u00e9')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const bytes = Buffer.from(call(`{"name":"${parts.join('')}","uri":"after"}`))
        expect(scan(bytes, clientMessage, lax).spans).toEqual(
          scan(bytes, clientMessage, strict).spans,
        )
      }),
    )
  })

  it('takes a control character for no JSON, however long its string and lax the scan', () => {
    const plain = fc.constantFrom('x', 'plain '.repeat(20), '\\"', 'é', '\\u00e9')
    const text = fc.array(plain, { maxLength: 10 }).map((parts) => parts.join(''))
    const control = fc.integer({ min: 0, max: 0x1f }).map((code) => String.fromCharCode(code))
    fc.assert(
      fc.property(text, control, text, (before, raw, after) => {
        for (const json of [`{"${before}${raw}${after}":1}`, `["${before}${raw}${after}"]`]) {
          expect(codeOf(() => scanText(json, lax))).toBe('not_json')
        }
      }),
    )
  })

  it('walks the members of an object as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (object) => {
        const bytes = Buffer.from(JSON.stringify(object, null, 2))
        const members = readMembers(bytes, [0, bytes.length])
        const read = members.map(({ name, value }) => [name, readValue(bytes, value)])
        expect(read).toEqual(Object.entries(JSON.parse(bytes.toString())))
      }),
    )
  })
})

function many(count: number): string {
  return Array.from({ length: count }, (_, index) => `"m${index}":0`).join(',')
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}
