import { foldOf, LINE_FEED } from './fold.ts'

/**
 * Aho-Corasick over folded bytes: one table look-up per byte, however many patterns there are. A row of `next` is
 * one state, a column one class of bytes; states are kept multiplied by the width of a row. States that end a
 * pattern come last, so that finding one is a single comparison.
 */
export type Automaton = Readonly<{
  classOf: Uint8Array
  next: Int32Array
  firstFinal: number
  /** Pattern numbers that end in a state; keys are states. */
  ends: ReadonlyMap<number, readonly number[]>
}>

const ROOT = 0
const OTHER_CLASS = 0
const SKIP_CLASS = 1

/** `patterns` are folded and not empty. */
export function buildAutomaton(patterns: readonly Uint8Array[]): Automaton {
  const { classOf, width } = classify(patterns)
  const trie = buildTrie(patterns, classOf, width)
  complete(trie)
  return layOut(trie, classOf)
}

/** Told of each pattern found and the index of its last byte, in the order of their ends. */
export type OnEnd = (pattern: number, lastAt: number) => void

/**
 * Searches from `from` on, up to the first place at or after `until` where nothing has begun, or the end. Gives the
 * index after it.
 */
export function scan(
  { classOf, next, firstFinal, ends }: Automaton,
  bytes: Uint8Array,
  { from, until }: Readonly<{ from: number; until: number }>,
  onEnd: OnEnd,
): number {
  let state = ROOT
  for (let at = from; at < bytes.length; at++) {
    const byteClass = classOf[bytes[at] ?? 0] ?? OTHER_CLASS
    state = next[state + byteClass] ?? ROOT
    if (state === ROOT) {
      if (at >= until) return at + 1
    } else if (state >= firstFinal && byteClass !== SKIP_CLASS) {
      for (const pattern of ends.get(state) ?? []) onEnd(pattern, at)
    }
  }
  return bytes.length
}

function classify(patterns: readonly Uint8Array[]): { classOf: Uint8Array; width: number } {
  const classOfFolded = new Uint8Array(256)
  classOfFolded[LINE_FEED] = SKIP_CLASS
  let width = SKIP_CLASS + 1
  for (const pattern of patterns) {
    for (const byte of pattern) {
      if (classOfFolded[byte] === OTHER_CLASS) classOfFolded[byte] = width++
    }
  }
  return { classOf: foldOf.map((byte) => classOfFolded[byte] ?? OTHER_CLASS), width }
}

type Trie = {
  readonly width: number
  readonly next: Int32Array
  readonly ends: Map<number, number[]>
  size: number
}

function buildTrie(patterns: readonly Uint8Array[], classOf: Uint8Array, width: number): Trie {
  const statesMax = 1 + patterns.reduce((sum, pattern) => sum + pattern.length, 0)
  const trie: Trie = { width, next: new Int32Array(statesMax * width), ends: new Map(), size: 1 }
  for (const [number, pattern] of patterns.entries()) {
    const state = addPath(trie, pattern, classOf)
    trie.ends.set(state, [...(trie.ends.get(state) ?? []), number])
  }
  return trie
}

function addPath(trie: Trie, pattern: Uint8Array, classOf: Uint8Array): number {
  let state = ROOT
  for (const byte of pattern) {
    const cell = state * trie.width + (classOf[byte] ?? OTHER_CLASS)
    trie.next[cell] ||= trie.size++
    state = trie.next[cell] ?? ROOT
  }
  return state
}

/** Fills in where each state goes when a byte does not continue it, breadth first. */
function complete({ width, next, ends, size }: Trie): void {
  const fallback = new Int32Array(size)
  const queue = [ROOT]
  for (const state of queue) {
    const back = fallback[state] ?? ROOT
    if (state !== ROOT) inheritEnds(ends, state, back)
    next[state * width + SKIP_CLASS] = state
    for (let column = SKIP_CLASS + 1; column < width; column++) {
      const cell = state * width + column
      const child = next[cell] ?? ROOT
      const detour = state === ROOT ? ROOT : (next[back * width + column] ?? ROOT)
      if (child === ROOT) {
        next[cell] = detour
      } else {
        fallback[child] = detour
        queue.push(child)
      }
    }
  }
}

function inheritEnds(ends: Map<number, number[]>, state: number, back: number): void {
  const inherited = ends.get(back)
  if (inherited) ends.set(state, [...(ends.get(state) ?? []), ...inherited])
}

/** Renumbers so that final states come last, and multiplies states by the width. */
function layOut({ width, next, ends, size }: Trie, classOf: Uint8Array): Automaton {
  const order = Array.from({ length: size }, (_, state) => state)
  const plain = order.filter((state) => !ends.has(state))
  const rowOf = new Int32Array(size)
  const rows = [...plain, ...order.filter((state) => ends.has(state))]
  for (const [row, state] of rows.entries()) rowOf[state] = row * width

  const table = new Int32Array(size * width)
  for (const [row, state] of rows.entries()) {
    for (let column = 0; column < width; column++) {
      table[row * width + column] = rowOf[next[state * width + column] ?? ROOT] ?? ROOT
    }
  }
  const finals = [...ends].map(([state, numbers]) => [rowOf[state] ?? ROOT, numbers] as const)
  return { classOf, next: table, firstFinal: plain.length * width, ends: new Map(finals) }
}
