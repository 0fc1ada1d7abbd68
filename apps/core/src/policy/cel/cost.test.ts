import { describe, expect, it } from 'vitest'

import { hasFewNodes, JsonObject, toCel } from './json-object.ts'
import { createMeter, meterLimits, type Meter } from './meter.ts'
import { createConditions } from './program.ts'

const compile = createConditions()

/** A meter that also says what was asked of it, so that cost is counted, not timed. */
function countingMeter(): Meter & { units: () => number; refused: () => number } {
  const meter = createMeter()
  const counts = { units: 0, refused: 0 }
  const counted = (units: number, spend: () => void): void => {
    try {
      spend()
      counts.units += units
    } catch (error) {
      counts.refused += 1
      throw error
    }
  }
  return {
    ...meter,
    charge: (units) => counted(units, () => meter.charge(units)),
    chargeText: (text) => counted(text.length / 64, () => meter.chargeText(text)),
    units: () => counts.units,
    refused: () => counts.refused,
  }
}

function run(expression: string, args: unknown) {
  const compiled = compile(expression)
  if ('findings' in compiled) throw new Error(JSON.stringify(compiled.findings))
  const meter = countingMeter()
  meter.startRule()
  const outcome = compiled.program.run({ args: toCel(args), now: new Date(0) }, meter)
  return { outcome, units: meter.units(), refused: meter.refused() }
}

const list = (length: number, entry: (at: number) => unknown = (at) => at): unknown[] =>
  Array.from({ length }, (_entry, at) => entry(at))

describe('what arguments can make a condition cost (POL-8, POL-T5)', () => {
  it('a list that is walked in full is charged for in full', () => {
    const { outcome, units } = run('args.l.all(x, x >= 0.0)', { l: list(1000) })
    expect(outcome).toBe('true')
    expect(units).toBeGreaterThan(1000 * 3)
  })

  it.each([
    ['a list too long for its macro', 'args.l.exists(x, x < 0.0)', { l: list(9000) }],
    ['a macro in a macro', 'args.l.exists(x, args.l.exists(y, y < 0.0))', { l: list(500) }],
    [
      'long text read in a macro',
      'args.l.exists(x, args.s.contains("zz"))',
      { l: list(1000), s: 'a'.repeat(900_000) },
    ],
    [
      'long text compared in a macro',
      'args.l.exists(x, args.s != args.t)',
      { l: list(1000), s: 'a'.repeat(500_000), t: 'a'.repeat(500_000) },
    ],
    [
      'long text ordered in a macro',
      'args.l.exists(x, args.s < args.t)',
      { l: list(1000), s: 'a'.repeat(500_000), t: 'a'.repeat(500_000) },
    ],
    ['lists joined in a macro', 'args.l.map(x, args.l + args.l) == args.l', { l: list(4000) }],
    [
      'membership looked up in a macro',
      'args.l.exists(x, x in args.m)',
      { l: list(1000), m: list(8000, (at) => -at - 1) },
    ],
    [
      'deep values compared in a macro',
      'args.l.exists(x, args.m != args.n)',
      { l: list(1000), m: list(4000), n: list(4000) },
    ],
    [
      'clocks read in a macro',
      'args.l.exists(x, now.getHours("Europe/Berlin") == 25)',
      { l: list(4000) },
    ],
    ['wildcards on long text', 'glob(args.s, "*a*a*a*a*b")', { s: 'a'.repeat(500_000) }],
  ])('%s is an error before the work is done', (_what, expression, args) => {
    const { outcome, units, refused } = run(expression, args)
    expect(outcome).toBe('error')
    expect(refused).toBeGreaterThan(0)
    expect(units).toBeLessThanOrEqual(meterLimits.unitsPerRuleMax)
  })

  it('a pattern that makes backtracking explode is linear here', () => {
    expect(run('re(args.s, "^(a+)+$")', { s: `${'a'.repeat(60_000)}!` }).outcome).toBe('false')
  })

  it('text above 64 KB is an error of re(), and so is the fifth time', () => {
    expect(run('re(args.s, "a")', { s: 'a'.repeat(65_537) }).outcome).toBe('error')
    const five = list(5, () => 'b'.repeat(60_000))
    expect(run('args.l.exists(x, re(x, "a"))', { l: five.slice(0, 4) }).outcome).toBe('false')
    expect(run('args.l.exists(x, re(x, "a"))', { l: five }).outcome).toBe('error')
  })

  it('a long text is not looked for in another one', () => {
    const args = { s: 'a'.repeat(100_000), t: `b${'a'.repeat(50_000)}` }
    expect(run('args.s.contains(args.t)', args).outcome).toBe('error')
  })

  it('a set of the rules is looked up, not walked', () => {
    const compiled = compile('args.s in vars.known')
    if ('findings' in compiled) throw new Error('not compiled')
    const meter = countingMeter()
    const vars = { known: new Set(list(10_000, String)) }
    compiled.program.run({ args: toCel({ s: 'none' }), vars }, meter)
    expect(meter.units()).toBeLessThan(5)
  })
})

describe('a decision as a whole', () => {
  it('is exhausted by many dear rules together, whichever comes first', () => {
    const meter = createMeter()
    for (let rule = 0; rule < 10; rule += 1) {
      meter.startRule()
      meter.charge(meterLimits.unitsPerRuleMax)
    }
    expect(meter.isExhausted()).toBe(false)
    meter.startRule()
    expect(() => meter.charge(1)).toThrow('too much work')
    expect(meter.isExhausted()).toBe(true)
  })
})

describe('arguments before they are read', () => {
  it('counts nodes of any shape, up to ten thousand (POL-8)', () => {
    expect(hasFewNodes({ l: list(9998) })).toBe(true)
    expect(hasFewNodes({ l: list(9999) })).toBe(false)
    expect(hasFewNodes(list(5000, () => ({ a: 1 })))).toBe(false)
  })

  it('survives nesting that would exhaust the stack', () => {
    const deep = list(9000).reduce<unknown>((inner) => [inner], 1)
    expect(hasFewNodes(deep)).toBe(true)
  })

  // The engine keeps a record of every type it ever saw, so the sender must not be able to make up types.
  it('are of one type to the engine, whatever they hold', () => {
    const one = toCel({ a: { b: [{ c: 1 }] } })
    expect(one).toBeInstanceOf(JsonObject)
    const inner = one instanceof JsonObject ? one.get('a') : undefined
    expect(inner).toBeInstanceOf(JsonObject)
    expect(inner instanceof JsonObject && inner.get('b')).toEqual([expect.any(JsonObject)])
  })
})
