import { scan, type Automaton, type OnEnd } from './automaton.ts'
import { foldOf, SKIPPED_BYTES } from './fold.ts'

/**
 * How far a search may leap: three bytes that stand in no pattern cannot be part of a match, so the next match
 * starts after the first of them. Most text is passed over without being looked at; the automaton reads only what
 * is left, and around bytes that do not count.
 *
 * @see Wu and Manber, "A fast algorithm for multi-pattern searching", 1994
 */
export type Leaps = Readonly<{
  /** By hash of three folded bytes at the end of a window: how far the window may move. */
  shifts: Uint8Array
  windowLength: number
}>

const TABLE_SIZE = 1 << 15
const GRAM = 3
const WINDOW_MAX = 255

/** `patterns` are folded, and at least three bytes long. */
export function buildLeaps(patterns: readonly Uint8Array[]): Leaps {
  const windowLength = Math.min(WINDOW_MAX, ...patterns.map((pattern) => pattern.length))
  const shifts = new Uint8Array(TABLE_SIZE).fill(windowLength - GRAM + 1)
  for (const pattern of patterns) {
    for (let last = GRAM - 1; last < windowLength; last++) {
      const gram = hash(pattern[last - 2] ?? 0, pattern[last - 1] ?? 0, pattern[last] ?? 0)
      shifts[gram] = Math.min(shifts[gram] ?? 0, windowLength - 1 - last)
    }
  }
  return { shifts, windowLength }
}

/** Finds what `scan` over all bytes finds. */
export function leap(
  automaton: Automaton,
  { shifts, windowLength }: Leaps,
  bytes: Buffer,
  onEnd: OnEnd,
): void {
  const skips = createNextSkip(bytes)
  let start = 0
  let skipAt = skips(0)
  while (start + windowLength <= bytes.length) {
    const last = start + windowLength - 1
    const shift =
      last < skipAt
        ? (shifts[
            hash(
              foldOf[bytes[last - 2] ?? 0] ?? 0,
              foldOf[bytes[last - 1] ?? 0] ?? 0,
              foldOf[bytes[last] ?? 0] ?? 0,
            )
          ] ?? 0)
        : 0
    if (shift > 0) {
      start += shift
      continue
    }
    start = scan(automaton, bytes, { from: start, until: last }, onEnd)
    if (skipAt < start) skipAt = skips(start)
  }
}

const hash = (a: number, b: number, c: number): number =>
  ((a << 10) ^ (b << 5) ^ c) & (TABLE_SIZE - 1)

/** Finds the next byte that does not count, at or after a place; places come in ascending order. */
function createNextSkip(bytes: Buffer): (from: number) => number {
  const nextOf = SKIPPED_BYTES.map((byte) => placeOf(byte, bytes, 0))
  return function nextSkip(from) {
    for (let index = 0; index < nextOf.length; index++) {
      if ((nextOf[index] ?? 0) < from)
        nextOf[index] = placeOf(SKIPPED_BYTES[index] ?? 0, bytes, from)
    }
    return Math.min(...nextOf)
  }
}

function placeOf(byte: number, bytes: Buffer, from: number): number {
  const found = bytes.indexOf(byte, from)
  return found === -1 ? Infinity : found
}
