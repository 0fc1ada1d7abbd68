import fc from 'fast-check'
import { expect, it } from 'vitest'

import { buildAutomaton, scan } from './automaton.ts'
import { folded } from './fold.ts'
import { buildLeaps, leap } from './leap.ts'

type End = readonly [pattern: number, lastAt: number]

/** Few letters, so that patterns overlap, begin in one another and repeat; bytes that do not count among them. */
const letters = fc.constantFrom('a', 'b', 'A', '_', '/', '\n', '\0')
const patternText = fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 3, maxLength: 9 })
const filler = fc.string({ unit: fc.constantFrom('x', 'y', 'a', '\r'), maxLength: 30 })

it('finds by leaps exactly what the automaton finds byte by byte', () => {
  fc.assert(
    fc.property(
      fc.array(patternText, { minLength: 1, maxLength: 6 }),
      fc.array(fc.oneof(fc.string({ unit: letters, maxLength: 30 }), filler), { maxLength: 12 }),
      (texts, parts) => {
        const patterns = texts.map((text) => folded(Buffer.from(text)))
        const bytes = Buffer.from(parts.join(''))
        const automaton = buildAutomaton(patterns)
        const all: End[] = []
        scan(automaton, bytes, { from: 0, until: Infinity }, (...end) => all.push(end))
        const found: End[] = []
        leap(automaton, buildLeaps(patterns), bytes, (...end) => found.push(end))
        expect(found).toEqual(all)
      },
    ),
    { numRuns: 5000 },
  )
})

it('finds each occurrence of each pattern, as a naive search does', () => {
  fc.assert(
    fc.property(
      fc.array(patternText, { minLength: 1, maxLength: 4 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 60 }),
      (texts, text) => {
        const found: string[] = []
        const patterns = texts.map((pattern) => Buffer.from(pattern))
        scan(
          buildAutomaton(patterns),
          Buffer.from(text),
          { from: 0, until: Infinity },
          (number, lastAt) => found.push(`${number}@${lastAt}`),
        )
        expect(found.toSorted()).toEqual(naive(texts, text).toSorted())
      },
    ),
    { numRuns: 2000 },
  )
})

const naive = (patterns: readonly string[], text: string): readonly string[] =>
  patterns.flatMap((pattern, number) =>
    Array.from(text, (_, lastAt) => lastAt)
      .filter((lastAt) => text.slice(0, lastAt + 1).endsWith(pattern))
      .map((lastAt) => `${number}@${lastAt}`),
  )
