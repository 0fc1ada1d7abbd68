import { celEnv, parse, plan } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { toCel } from './json-object.ts'
import { createMeter } from './meter.ts'
import { createConditions, type Outcome } from './program.ts'

const compile = createConditions()

function run(expression: string, args: unknown, others: object = {}): Outcome {
  const compiled = compile(expression)
  if ('findings' in compiled) throw new Error(`${expression}: ${JSON.stringify(compiled.findings)}`)
  return compiled.program.run({ args: toCel(args), ...others }, createMeter())
}

const codes = (expression: string): readonly string[] => {
  const compiled = compile(expression)
  return 'findings' in compiled ? compiled.findings.map(({ code }) => code) : []
}

describe('what a condition may use', () => {
  it.each([
    ['args.s.matches("a")', 'function_not_allowed'],
    ['"a".matches("a")', 'function_not_allowed'],
    ['string(args.n) == "1"', 'function_not_allowed'],
    ['int(args.s) == 1', 'function_not_allowed'],
    ['type(args.s) == type("")', 'function_not_allowed'],
    ['cel.bind(x, 1, x == 1)', 'function_not_allowed'],
    ['args.s.split(",").size() > 1', 'function_not_allowed'],
    ['_eq(1, 1)', 'function_not_allowed'],
    ['_each(args.l, 0).all(x, x)', 'function_not_allowed'],
    ['b"x" == b"x"', 'function_not_allowed'],
    ['1u == 1u', 'function_not_allowed'],
    ['re(args.s, args.p)', 'regex_invalid'],
    ['re(args.s, "(")', 'regex_invalid'],
    ['re(args.s, "(?=a)")', 'regex_invalid'],
    [`re(args.s, "${'a'.repeat(257)}")`, 'regex_invalid'],
    ['now.getHours() > 9', 'type_error'],
    ['now.getHours("Mars/Base") > 9', 'type_error'],
    ['now.getHours(args.zone) > 9', 'type_error'],
    ['timestamp(args.t) > now', 'type_error'],
    ['run.calls > 1.0', 'not_supported_yet'],
    ['history.calls("1h") > 3.0', 'not_supported_yet'],
    ['secrets.token == "x"', 'type_error'],
    ['google.protobuf.Duration == 1', 'type_error'],
    ['args.l.exists(args, args > 1.0)', 'parse_error'],
    ['args.?a == 1', 'parse_error'],
    ['args.l.all(a, args.l.all(b, args.l.all(c, a == b && b == c)))', 'macro_nesting'],
    [Array.from({ length: 120 }, () => '1').join(' + '), 'limit_exceeded'],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, 'limit_exceeded'],
    [`args.s in [${Array.from({ length: 501 }, () => '1').join()}]`, 'limit_exceeded'],
    [`args.s == "${'x'.repeat(4096)}"`, 'limit_exceeded'],
    ['args.s ==', 'parse_error'],
  ])('%s is %s (POL-6, POL-8)', (expression, code) => {
    expect(codes(expression)).toContain(code)
  })

  it('places a problem in the text', () => {
    expect(compile('true && args.s.matches("a")')).toMatchObject({ findings: [{ offset: 8 }] })
  })
})

describe('functions of ours (POL-7)', () => {
  it.each([
    ['re(args.s, "^a+$")', { s: 'aaa' }, 'true'],
    ['re(args.s, "(?i)drop")', { s: 'DROP' }, 'true'],
    ['re(args.s, "a")', { s: 5 }, 'error'],
    ['glob(args.s, "/srv/*")', { s: '/srv/a/b' }, 'false'],
    ['host(args.s) == "api.test"', { s: 'HTTPS://user:pw@Api.test:443/x' }, 'true'],
    ['host(args.s) == "api.test"', { s: 'https://api.test./x' }, 'true'],
    ['host(args.s) == "api.test"', { s: 'https://api.test@evil.test/' }, 'false'],
    ['host(args.s) == "::1"', { s: 'http://[::1]/' }, 'true'],
    ['host(args.s) == "x"', { s: 'not a url' }, 'error'],
    ['in_cidr(args.s, "10.0.0.0/8")', { s: '10.255.0.1' }, 'true'],
    ['in_cidr(args.s, "10.0.0.0/8")', { s: '11.0.0.1' }, 'false'],
    ['in_cidr(args.s, "10.0.0.0/8")', { s: '::ffff:10.0.0.1' }, 'true'],
    ['in_cidr(args.s, "10.0.0.0/8")', { s: '010.0.0.1' }, 'error'],
    ['in_cidr(args.s, "10.0.0.0/99")', { s: '10.0.0.1' }, 'error'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data/x' }, 'true'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data' }, 'true'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data2' }, 'false'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data/../../etc' }, 'false'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data/%2e%2e/x' }, 'false'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data/%252e%252e/x' }, 'false'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data/..\\x' }, 'false'],
    ['path_under(args.s, "/srv/data")', { s: 'srv/data/x' }, 'false'],
    ['path_under(args.s, "/srv/data")', { s: '/../srv/data/x' }, 'error'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data/%00' }, 'error'],
    ['path_under(args.s, "/srv/data")', { s: '/srv/data/%zz' }, 'error'],
    ['domain_of(args.s) == "corp.test"', { s: 'ana@Corp.test' }, 'true'],
    ['domain_of(args.s) == "corp.test"', { s: 'ana@corp.test@evil.test' }, 'error'],
    ['domain_of(args.s) == "corp.test"', { s: 'Ana <ana@corp.test>' }, 'error'],
    ['args.s.lowerAscii() == "k"', { s: '\u212a' }, 'false'],
  ] as const)('%s of %j is %s', (expression, args, expected) => {
    expect(run(expression, args)).toBe(expected)
  })
})

describe('time (POL-12)', () => {
  const now = new Date('2026-07-01T22:30:00Z')
  it.each([
    ['now.getHours("Europe/Berlin") == 0', 'true'],
    ['now.getDate("Europe/Berlin") == 2', 'true'],
    ['now.getDayOfMonth("Europe/Berlin") == 1', 'true'],
    ['now.getDayOfWeek("UTC") == 3', 'true'],
    ['now.getMonth("UTC") == 6', 'true'],
    ['now.getFullYear("UTC") == 2026', 'true'],
    ['now.getMinutes("Asia/Kolkata") == 0', 'true'],
    ['now > timestamp("2026-07-01T22:29:59Z")', 'true'],
    ['now - timestamp("2026-07-01T22:00:00Z") == duration("30m")', 'true'],
    ['now == timestamp("2026-07-02T00:30:00+02:00")', 'true'],
  ] as const)('%s is %s', (expression, expected) => {
    expect(run(expression, {}, { now })).toBe(expected)
  })
})

it('a set of the rules holds what it holds, whatever the number looks like (POL-12)', () => {
  const vars = { known: new Set(['a', 'b']), counts: new Set([1, 2]) }
  expect(run('args.s in vars.known', { s: 'b' }, { vars })).toBe('true')
  expect(run('args.s in vars.known', { s: 'c' }, { vars })).toBe('false')
  expect(run('1 in vars.counts && 1.0 in vars.counts', {}, { vars })).toBe('true')
  expect(run('args.l.all(x, x in vars.known)', { l: ['a', 'b'] }, { vars })).toBe('true')
})

describe('arguments of any shape', () => {
  it.each([
    ['"x" in args.l', { l: [null, 'x'] }, 'true'],
    ['"x" in args.l', { l: [{ a: 1 }, 'x'] }, 'true'],
    ['"a" in args.o', { o: { a: null } }, 'true'],
    ['"toString" in args.o', { o: {} }, 'false'],
    ['args.o == {"a": [1.0, {"b": null}]}', { o: { a: [1, { b: null }] } }, 'true'],
    ['args.o == {"a": 1.0}', { o: { a: 1, b: 1 } }, 'false'],
    ['args.a == args.b', { a: { x: 1, y: 2 }, b: { y: 2, x: 1 } }, 'true'],
    ['args.l[0] == "x"', { l: { 0: 'x' } }, 'error'],
    ['args.l["length"] == 1', { l: ['x'] }, 'error'],
    ['args.s == 5.0', { s: '5' }, 'false'],
    ['args.s != "x"', { s: 5 }, 'true'],
    ['has(args.s)', { s: null }, 'true'],
    ['has(args.s.y)', { s: 'text' }, 'error'],
    ['args.s.contains("x")', { s: ['x'] }, 'error'],
    ['args.l.exists(x, x > 1.0)', { l: 'text' }, 'error'],
    ['args.l.exists(k, k == "a")', { l: { a: 1 } }, 'true'],
    ['size(args.s) == 2', { s: 'a\u{1f600}' }, 'true'],
    ['args.n > 1.0', { n: true }, 'error'],
    ['args.n || true', { n: 1 }, 'true'],
    ['args.n && true', { n: 1 }, 'error'],
  ] as const)('%s of %j is %s', (expression, args, expected) => {
    expect(run(expression, args)).toBe(expected)
  })
})

// A second engine, by other authors, has to agree on every expression that the dialect allows.
describe('beside another engine (POL-T2)', () => {
  const oracleEnv = celEnv({ funcs: strings })

  /** Judges a text for any arguments; planned once, since planning is the dear part. */
  function oracleOf(text: string): (args: unknown) => Outcome {
    const evaluate = plan(oracleEnv, parse(text))
    return function oracle(given) {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any JSON goes in, which its types do not say
        const value: unknown = evaluate({ args: given } as never)
        if (value === true) return 'true'
        return value === false ? 'false' : 'error'
      } catch {
        return 'error'
      }
    }
  }

  const field = fc.constantFrom('args.n', 'args.m', 'args.o.n', 'args.missing')
  const numeric = fc.oneof(
    field,
    fc.constantFrom('0.0', '1.0', '2.5', '-3.0'),
    fc
      .tuple(field, fc.constantFrom('+', '-', '*', '/'), fc.constantFrom('1.0', '2.0'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
  )
  const textual = fc.oneof(
    fc.constantFrom('args.s', 'args.o.s', 'args.missing', '"ab"', '""'),
    fc.constantFrom('args.s.lowerAscii()', 'args.s.upperAscii()', '(args.s + "b")'),
  )
  const list = fc.constantFrom('args.l', 'args.t', '[1.0, 2.0]', '["a", "ab"]')
  const atom = fc.oneof(
    fc
      .tuple(numeric, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), numeric)
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc
      .tuple(textual, fc.constantFrom('==', '!=', '<'), textual)
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc
      .tuple(textual, fc.constantFrom('contains', 'startsWith', 'endsWith'), textual)
      .map(([a, method, b]) => `${a}.${method}(${b})`),
    fc.tuple(fc.oneof(numeric, textual), list).map(([a, b]) => `${a} in ${b}`),
    list.map((a) => `size(${a}) > 1`),
    fc.tuple(list, list).map(([a, b]) => `${a} == ${b}`),
    fc.constantFrom('has(args.n)', 'has(args.missing)', 'has(args.o.s)', 'has(args.o.missing)'),
    fc.constantFrom('args.b', '!args.b', 'true', 'false', 'args.o == {"n": 1.0, "s": "ab"}'),
    fc
      .tuple(
        list,
        fc.constantFrom('all', 'exists', 'exists_one'),
        fc.constantFrom('x > 1.0', 'x == "a"', 'x == args.n', 'x.n > 0.0'),
      )
      .map(([a, macro, body]) => `${a}.${macro}(x, ${body})`),
    fc
      .tuple(list, fc.constantFrom('x > 1.0', 'x == "a"', 'true'))
      .map(([a, body]) => `${a}.filter(x, ${body}) == ${a}`),
    list.map((a) => `size(${a}.map(x, x == "a")) == size(${a})`),
  )
  const expression = fc.letrec<{ whole: string }>((tie) => ({
    whole: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      atom,
      fc
        .tuple(tie('whole'), fc.constantFrom('&&', '||'), tie('whole'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('whole').map((a) => `!(${a})`),
      fc.tuple(tie('whole'), tie('whole'), tie('whole')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    ),
  })).whole
  const value = fc.constantFrom<unknown>(0, 1, 2.5, 'a', 'ab', true, null, [], ['a'], { n: 1 })
  const args = fc.record(
    {
      // Without null: the oracle calls a member that is null absent, against the language definition.
      n: fc.constantFrom<unknown>(0, 1, 2.5, 'a', [1]),
      m: fc.constantFrom(1, 2),
      s: fc.constantFrom<unknown>('ab', 'AB', '', 1),
      b: fc.constantFrom<unknown>(true, false, 'x'),
      o: fc.constantFrom<unknown>({ n: 1, s: 'ab' }, { n: 'x' }, {}),
      l: fc.array(value, { maxLength: 3 }),
      t: fc.array(fc.constantFrom('a', 'ab', 'b'), { maxLength: 3 }),
    },
    { requiredKeys: ['m', 't'], noNullPrototype: true },
  )

  it('agrees on value or error', () => {
    const seen = { true: 0, false: 0, error: 0 }
    const property = fc.property(
      expression,
      fc.array(args, { minLength: 4, maxLength: 4 }),
      (text, all) => {
        // A few grow beyond what a condition may have.
        fc.pre(codes(text).length === 0)
        const oracle = oracleOf(text)
        for (const one of all) {
          const ours = run(text, one)
          seen[ours] += 1
          expect([text, one, ours]).toEqual([text, one, oracle(one)])
        }
      },
    )
    fc.assert(property, { numRuns: 1000 })
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(300)
  })
})
