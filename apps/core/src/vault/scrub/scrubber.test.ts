import fc from 'fast-check'
import { expect, it } from 'vitest'

import { createScrubber } from './scrubber.ts'
import type { Sought } from './forms.ts'

const TOKEN = 'ghp_w8Xk2LmQ9vR4tYzB7nCdE1fGhJ3kM5pS6uVa'

const sought = (...values: (string | Uint8Array)[]): Sought[] =>
  values.map((value, index) => ({
    name: `s${index}`,
    values: [typeof value === 'string' ? Buffer.from(value) : value],
  }))

const scrubText = (values: readonly Sought[], text: string): string =>
  createScrubber(values).scrub(Buffer.from(text)).bytes.toString()

type Encode = (text: Buffer, random: () => number) => Buffer

/** The list of VLT-61, as a hostile or careless server would write them. */
const encodings: Readonly<Record<string, Encode>> = {
  raw: (bytes) => bytes,
  base64: (bytes) => Buffer.from(bytes.toString('base64')),
  base64url: (bytes) => Buffer.from(bytes.toString('base64url')),
  base64Offset1: (bytes) =>
    Buffer.from(Buffer.concat([Buffer.from('x'), bytes]).toString('base64')),
  base64Offset2: (bytes) =>
    Buffer.from(Buffer.concat([Buffer.from('xy'), bytes, Buffer.from('z')]).toString('base64url')),
  base64Wrapped: (bytes) =>
    Buffer.from(
      bytes
        .toString('base64')
        .replaceAll(/.{1,20}/g, '$&\r\n')
        .trimEnd(),
    ),
  hex: (bytes, random) =>
    Buffer.from(
      bytes.toString('hex').replaceAll(/[a-f]/g, (d) => (random() < 0.5 ? d.toUpperCase() : d)),
    ),
  percent: (bytes) =>
    Buffer.from(
      [...bytes].map((b) => (isUnreserved(b) ? String.fromCharCode(b) : percent(b))).join(''),
    ),
  form: (bytes) =>
    Buffer.from(
      [...bytes]
        .map((b) => (b === 0x20 ? '+' : isUnreserved(b) ? String.fromCharCode(b) : percent(b)))
        .join(''),
    ),
  percentOver: (bytes, random) =>
    Buffer.from(
      [...bytes]
        .map((b) => (isUnreserved(b) && random() < 0.5 ? String.fromCharCode(b) : percent(b)))
        .join('')
        .replaceAll(/%[0-9a-f]{2}/gi, (e) => (random() < 0.5 ? e.toUpperCase() : e)),
    ),
  json: (bytes) => Buffer.from(JSON.stringify(bytes.toString()).slice(1, -1)),
  jsonUnicode: (bytes, random) =>
    Buffer.from(
      bytes
        .toString()
        .split('')
        .map((c) => (random() < 0.5 && /[\w /%&<>-]/.test(c) ? c : unicodeEscape(c, random)))
        .join('')
        .replaceAll('/', String.raw`\/`),
    ),
  xml: (bytes, random) =>
    Buffer.from(
      Array.from(bytes.toString())
        .map((c) => (/[&<>"']/.test(c) || random() < 0.3 ? reference(c, random) : c))
        .join(''),
    ),
  utf16Base64: (bytes) => Buffer.from(Buffer.from(bytes.toString(), 'utf16le').toString('base64')),
}

const percent = (byte: number): string => `%${byte.toString(16).padStart(2, '0')}`
const isUnreserved = (byte: number): boolean => /[\w.~-]/.test(String.fromCharCode(byte))
const unicodeEscape = (c: string, random: () => number): string => {
  const digits = c.charCodeAt(0).toString(16).padStart(4, '0')
  return String.raw`\u` + (random() < 0.5 ? digits.toUpperCase() : digits)
}
const reference = (c: string, random: () => number): string => {
  const code = c.codePointAt(0) ?? 0
  return random() < 0.5 ? `&#${code};` : `&#x${code.toString(16)};`
}

const encodingName = fc.constantFrom(...Object.keys(encodings))
const printable = fc.string({ unit: 'grapheme-ascii', minLength: 12, maxLength: 80 })
const unicode = fc.string({ unit: 'binary', minLength: 12, maxLength: 40 })
const secretText = fc
  .oneof({ weight: 4, arbitrary: printable }, { weight: 1, arbitrary: unicode })
  .filter(isPlainSecret)

/** Neither a document nor padded with space: those are searched by their parts. */
function isPlainSecret(text: string): boolean {
  return (
    text.isWellFormed() &&
    text.trim() === text &&
    !/^[[{]|[\r\n\0]/.test(text) &&
    new Set(text).size > 7
  )
}

const isPlainAscii = (text: string): boolean => Buffer.byteLength(text) === text.length

/** Escapes among characters beyond ASCII, then written in UTF-16, are the one nesting that is not undone. */
const isEscapedUtf16 = (chain: readonly string[]): boolean =>
  chain.lastIndexOf('utf16Base64') > chain.findIndex((name) => /xml|json/.test(name)) &&
  chain.some((name) => /xml|json/.test(name))

it('lets no injected value survive in any listed encoding, nested up to three deep (VLT-61)', () => {
  fc.assert(
    fc.property(
      secretText,
      fc.array(encodingName, { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      fc.constantFrom('', 'a', 'ab', 'abc', '"', ' '),
      (secret, chain, stream, before) => {
        fc.pre(isPlainAscii(secret) || !isEscapedUtf16(chain))
        const random = (): number => stream.next().value ?? 0
        const encoded = chain.reduce<Buffer>(
          (bytes, name) => encodings[name]?.(bytes, random) ?? bytes,
          Buffer.from(secret),
        )
        const frame = Buffer.from(JSON.stringify({ text: `${before}${encoded.toString()} end` }))
        const { bytes, hits } = createScrubber(sought(secret)).scrub(frame)
        expect({ chain, found: hits.length > 0 }).toEqual({ chain, found: true })
        const written = JSON.stringify(encoded.toString()).slice(1, -1)
        const third = Math.floor(written.length / 3)
        expect(bytes.toString()).not.toContain(written.slice(third, 2 * third))
      },
    ),
    { numRuns: 2000 },
  )
})

it('cuts exactly the encoded value out of a frame, so that the rest stays readable and valid', () => {
  for (const name of [
    'raw',
    'base64',
    'hex',
    'percent',
    'form',
    'percentOver',
    'json',
    'jsonUnicode',
    'xml',
  ]) {
    const encoded = encodings[name]?.(Buffer.from('p"ss/wörd & more_1234567'), () => 0.4)
    const frame = JSON.stringify({ a: `before ${encoded?.toString()} after`, b: [1, 'x'] })
    const scrubbed: unknown = JSON.parse(scrubText(sought('p"ss/wörd & more_1234567'), frame))
    expect({ name, ...Object(scrubbed) }).toMatchObject({
      name,
      a: expect.stringMatching(/^before \[secret:s0\][=\w]{0,3} after$/),
      b: [1, 'x'],
    })
  }
})

it('gives the same bytes at every split of a stream, and never a piece of the value (VLT-63)', () => {
  const scrubber = createScrubber(sought(TOKEN, 'short-secret'))
  const filler = 'The quick brown fox jumps over the lazy dog. '.repeat(80)
  const tails = ['raw', 'base64Offset1', 'hex', 'jsonUnicode', 'percentOver'].map((name) =>
    encodings[name]?.(Buffer.from(TOKEN), () => 0.3).toString(),
  )
  const text = Buffer.from([filler, ...tails, 'short-secret', filler].join(' | '))
  const whole = scrubber.scrub(text).bytes.toString()
  expect(whole.match(/\[secret:/g)).toHaveLength(tails.length + 1)

  const cuts = fc.array(fc.nat({ max: text.length }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(cuts, (unsorted) => {
      const stream = scrubber.stream()
      const edges = [0, ...unsorted.toSorted((a, b) => a - b), text.length]
      const parts = edges.slice(1).map((end, i) => stream.push(text.subarray(edges[i], end)))
      expect(Buffer.concat([...parts, stream.end()]).toString()).toBe(whole)
      expect(stream.hits().reduce((sum, hit) => sum + hit.count, 0)).toBe(tails.length + 1)
    }),
    { numRuns: 60 },
  )
})

it('gives the same bytes when they come one by one', () => {
  const scrubber = createScrubber(sought('tiny-one'))
  const text = Buffer.from(
    `${'x'.repeat(700)} tiny-one dGlueS1vbmU= \\\\tiny-one ${'y'.repeat(700)}`,
  )
  const stream = scrubber.stream()
  const parts = Array.from(text, (_, at) => stream.push(text.subarray(at, at + 1)))
  const out = Buffer.concat([...parts, stream.end()])
  expect(out.toString()).toBe(scrubber.scrub(text).bytes.toString())
  expect(out.toString()).not.toContain('tiny')
})

it('scrubs a leading or trailing piece of 16 characters to its full length (VLT-62)', () => {
  const text = scrubText(
    sought(TOKEN),
    `head ${TOKEN.slice(0, 25)}... tail ...${TOKEN.slice(-19)}.`,
  )
  expect(text).toBe('head [secret:s0]... tail ...[secret:s0].')
})

it('scrubs each long line of a private key, but not the armour that all keys share (VLT-62)', () => {
  const lines = Array.from({ length: 6 }, (_, i) => Buffer.from(`${TOKEN}${i}`).toString('base64'))
  const pem = ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
  const scrubber = createScrubber(sought(pem))
  for (const line of lines) {
    expect(scrubber.scrub(Buffer.from(`see ${line} here`)).bytes.toString()).toBe(
      'see [secret:s0] here',
    )
  }
  const whole = scrubber.scrub(Buffer.from(JSON.stringify({ pem }))).bytes.toString()
  expect(whole).toBe(
    String.raw`{"pem":"-----BEGIN PRIVATE KEY-----\n[secret:s0]\n-----END PRIVATE KEY-----\n"}`,
  )
  expect(scrubber.scrub(Buffer.from('-----BEGIN PRIVATE KEY-----')).hits).toEqual([])
})

it('scrubs the sensitive leaves of a JSON secret and leaves its public ones (VLT-62)', () => {
  const json = JSON.stringify({
    type: 'service_account',
    private_key: `key-${TOKEN}`,
    token_uri: 'https://oauth2.example.com/token',
  })
  const out = scrubText(
    sought(json),
    `type service_account, key-${TOKEN} https://oauth2.example.com/token`,
  )
  expect(out).toBe('type service_account, [secret:s0] https://oauth2.example.com/token')
})

it('leaves the header that all signed tokens share readable, and scrubs the rest', () => {
  const header = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9'
  const secret = `${header}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U`
  expect(scrubText(sought(secret), `Bearer ${secret}`)).toBe(`Bearer ${header}.[secret:s0]`)
  expect(scrubText(sought(secret), `another ${header}.eyJ4IjoxfQ.AAAA`)).toContain('eyJ4IjoxfQ')
})

it('finds bytes that are no text', () => {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 200) & 255)
  const scrubber = createScrubber(sought(secret))
  for (const form of ['base64', 'base64url', 'hex'] as const) {
    expect(
      scrubber.scrub(Buffer.from(`v=${Buffer.from(secret).toString(form)};`)).hits,
    ).toHaveLength(1)
  }
})

it('names each value it replaced, in what form and how often (VLT-64)', () => {
  const twice = Buffer.from(TOKEN).toString('base64')
  const { hits } = createScrubber(sought('unused-value', TOKEN)).scrub(
    Buffer.from(JSON.stringify({ a: TOKEN, b: twice, c: twice, d: JSON.stringify(`"${twice}"`) })),
  )
  expect(hits).toEqual([
    { secret: 's1', form: 'raw', count: 1 },
    { secret: 's1', form: 'base64', count: 3 },
  ])
})

it('returns the very buffer when nothing was found, and is idle without values', () => {
  const bytes = Buffer.from(String.raw`{"text":"nothing \u00e9 %41 &amp; here"}`)
  expect(createScrubber(sought(TOKEN)).scrub(bytes).bytes).toBe(bytes)
  expect(createScrubber([]).isIdle).toBe(true)
  expect(createScrubber(sought('1234567')).isIdle).toBe(true)
})

it('refuses a text that was made to be expensive instead of passing it on (VLT-64)', () => {
  const xml = '&amp;amp;amp;lt; &#38;#37;41 '
  const layers = JSON.stringify(JSON.stringify(JSON.stringify(`${xml}%252541"`))).repeat(15_000)
  expect(() => createScrubber(sought(TOKEN)).scrub(Buffer.from(layers))).toThrow(
    expect.objectContaining({ code: 'scrub_failed' }),
  )
})

it('has no false hits in a benign corpus for secrets of 16 bytes and more', () => {
  const secrets = fc.sample(
    fc.string({
      unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'.split('')),
      minLength: 16,
      maxLength: 40,
    }),
    { numRuns: 20, seed: 7 },
  )
  const scrubber = createScrubber(sought(...secrets))
  const random = fc.sample(fc.uint8Array({ minLength: 3000, maxLength: 3000 }), {
    numRuns: 20,
    seed: 3,
  })
  const corpus = random.flatMap((bytes) => {
    const buffer = Buffer.from(bytes)
    return [
      buffer.toString('base64'),
      buffer.toString('hex'),
      JSON.stringify(buffer.toString('latin1')),
      encodeURIComponent(buffer.toString('latin1')),
    ]
  })
  for (const text of [...corpus, JSON.stringify({ text: corpus.join('\n') })]) {
    expect(scrubber.scrub(Buffer.from(text)).hits).toEqual([])
  }
})
