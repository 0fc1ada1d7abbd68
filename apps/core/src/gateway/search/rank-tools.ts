import { z } from 'zod'

import type { CatalogueEntry } from '../../model/catalogue.ts'
import type { CatalogueItem } from '../../model/server.ts'

/**
 * What a word is worth by where it stands. A word counts once, where it is worth most: a definition that repeats it,
 * or names every word there is, ranks no higher than any other that says it at all (MCP-147).
 */
const WEIGHTS = { name: 8, title: 4, alias: 3, arguments: 2, description: 1 } as const

/** Longer texts are for reading, and would only match everything. */
const WORDS_PER_FIELD_MAX = 400
const QUERY_WORDS_MAX = 32
/** Words of a name are often cut short: "config", "repo". */
const PREFIX_LENGTH_MIN = 3
const PREFIX_WORTH = 0.5

type Worths = ReadonlyMap<string, number>

/**
 * Tools that a query is about, best first; equal ones in the order of lists. Lexical and over reviewed text alone, so
 * that the same tools and query always give the same answer.
 */
export function rankTools(
  tools: readonly CatalogueEntry[],
  query: string,
): readonly CatalogueEntry[] {
  const words = [...new Set(wordsOf(query))].slice(0, QUERY_WORDS_MAX)
  const worths = tools.map(({ server, item }) => ({ ...worthsOf(item), alias: server.slug }))
  const scores = tools.map(() => 0)
  for (const word of words) {
    const found = worths.map((of) => worthOf(of, word))
    const rarity = rarityOf(found.filter((worth) => worth > 0).length, tools.length)
    found.forEach((worth, at) => (scores[at] = (scores[at] ?? 0) + worth * rarity))
  }
  return tools
    .map((entry, at) => ({ entry, score: scores[at] ?? 0 }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ entry }) => entry)
}

/** A word that few tools have says more; one that all have still says something. */
const rarityOf = (found: number, all: number): number =>
  Math.log(1 + (all - found + 0.5) / (found + 0.5))

type Worth = Readonly<{ words: Worths; name: readonly string[]; alias: string }>

function worthOf({ words, name, alias }: Worth, word: string): number {
  const inName =
    word.length >= PREFIX_LENGTH_MIN && name.some((other) => other.startsWith(word))
      ? WEIGHTS.name * PREFIX_WORTH
      : 0
  const inAlias = wordsOf(alias).includes(word) ? WEIGHTS.alias : 0
  return Math.max(words.get(word) ?? 0, inName, inAlias)
}

const Definition = z.looseObject({
  title: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  inputSchema: z
    .looseObject({ properties: z.record(z.string(), z.unknown()) })
    .optional()
    .catch(undefined),
})

const known = new WeakMap<CatalogueItem, Omit<Worth, 'alias'>>()

/** Made once for each entry; it goes with the entry. */
function worthsOf(item: CatalogueItem): Omit<Worth, 'alias'> {
  const made = known.get(item)
  if (made) return made
  const {
    title = '',
    description = '',
    inputSchema,
  } = Definition.parse(JSON.parse(item.definition))
  const name = wordsOf(item.name)
  const words = new Map<string, number>()
  const add = (found: readonly string[], weight: number): void => {
    for (const word of found) words.set(word, Math.max(words.get(word) ?? 0, weight))
  }
  add(wordsOf(description), WEIGHTS.description)
  add(wordsOf(Object.keys(inputSchema?.properties ?? {}).join(' ')), WEIGHTS.arguments)
  add(wordsOf(title), WEIGHTS.title)
  add(name, WEIGHTS.name)
  const worth = { words, name }
  known.set(item, worth)
  return worth
}

/** Words in one case, apart where a name in camel case is, and without the mark of a plural. */
const wordsOf = (text: string): readonly string[] =>
  (
    text
      .normalize('NFKC')
      .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
      .match(WORD) ?? []
  )
    .slice(0, WORDS_PER_FIELD_MAX)
    .map((word) => singular(word.toLowerCase()))

const WORD = /[\p{L}\p{N}]+/gu

function singular(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word
}
