import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { facts, oneLine, printable, table, when } from './print.ts'

/** What a terminal may act on: controls, invisible and reordering characters, halves of pairs, other line ends. */
const ACTED_ON = /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b[2J',
      '\r',
      '\n',
      '\t',
      '\u202e',
      '\u2066',
      '\u200b',
      '\u061c',
      '\u2028',
      '\u{e0041}',
      '\ud800',
      '\u009b',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
})

describe('what strangers wrote, on the terminal', () => {
  it('holds nothing that a terminal acts on (SEC-73)', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(printable(text)).not.toMatch(ACTED_ON)
      }),
    )
  })

  it('stays on its line (SEC-73)', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(oneLine(text)).not.toContain('\n')
      }),
    )
  })

  it('stays the same JSON when it was JSON', () => {
    fc.assert(
      fc.property(fc.array(hostile), (value) => {
        expect(JSON.parse(printable(JSON.stringify(value, undefined, 2)))).toEqual(value)
      }),
    )
  })

  it('forges no row of a table and no line of a card (SEC-73)', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(table(['A', 'B'], [[text, text]]).split('\n')).toHaveLength(2)
        expect(facts([['name', text]]).split('\n')).toHaveLength(1)
      }),
    )
  })

  it('leaves ordinary text of any language as it is', () => {
    const text = 'Grüße, 日本語, العربية, 🎉 -> "ok"\nnext'
    expect(printable(text)).toBe(text)
  })
})

it('says that a list is empty', () => {
  expect(table(['A'], [])).toBe('none')
})

it('says which zone a time is in', () => {
  expect(when(0)).toBe('1970-01-01 00:00:00Z')
})
