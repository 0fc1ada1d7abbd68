import { isSkipped } from './fold.ts'
import type { View } from './view.ts'

/**
 * Texts inside base64 or hex. An encoded value itself is found by its listed forms; a decoding is needed only where
 * something else was encoded again, which is longer than the shortest value, and ASCII when the values are. So only
 * stretches that would decode to as much ASCII are decoded, which words, hashes and images hardly ever do.
 */
export function* encodedRuns(source: Buffer, values: Values): Generator<View> {
  for (const codec of [base64, hex]) {
    for (const stretch of stretchesOf(source, codec, values)) yield decodeStretch(stretch, codec)
  }
}

type Values = Readonly<{ shortest: number; isAscii: boolean }>

type Codec = Readonly<{
  via: 'base64' | 'hex'
  bitsPerCharacter: number
  charactersPerGroup: number
  bytesPerGroup: number
  /**
   * By character: a bit for each place in a group where the character lets the byte it begins be ASCII. Zero for
   * what is no character of the alphabet; a bit that no place has for what is skipped.
   */
  asciiPlaces: Uint8Array
}>

const SKIPPED = 0x80
/** Stands beyond either end of a text: in no alphabet, and not skipped. */
const STRANGER = 0xff

const base64: Codec = {
  via: 'base64',
  bitsPerCharacter: 6,
  charactersPerGroup: 4,
  bytesPerGroup: 3,
  asciiPlaces: placesTable(
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_'],
    [0b100000, 0b001000, 0b000010, 0],
  ),
}

const hex: Codec = {
  via: 'hex',
  bitsPerCharacter: 4,
  charactersPerGroup: 2,
  bytesPerGroup: 1,
  asciiPlaces: placesTable(['0123456789abcdef', 'ABCDEF'], [0b1000, 0]),
}

/** Spellings end with the last character of the alphabet. `highBits` are those that must be 0 at each place. */
function placesTable(spellings: readonly string[], highBits: readonly number[]): Uint8Array {
  const table = Uint8Array.from({ length: 256 }, (_, byte) => (isSkipped(byte) ? SKIPPED : 0))
  const size = spellings[0]?.length ?? 0
  for (const spelling of spellings) {
    for (let index = 0; index < spelling.length; index++) {
      const value = size - spelling.length + index
      const places = highBits.map((bit, place) => ((value & bit) === 0 ? 1 << place : 0))
      table[spelling.charCodeAt(index)] = places.reduce((all, place) => all | place, 0)
    }
  }
  return table
}

/** Characters of one alphabet without what is skipped, and where each stands in the source. */
type Run = Readonly<{
  text: Buffer
  start: number
  end: number
  placeOf: (index: number) => number
}>

/** Characters of a run that are worth decoding together. */
type Stretch = Readonly<{ run: Run; from: number; to: number }>

/**
 * Jumps by the length that matters and looks back, so that text of short words costs next to nothing. Nothing is
 * made for a run in which nothing is found: most texts are full of those.
 */
function stretchesOf(source: Buffer, codec: Codec, values: Values): readonly Stretch[] {
  const found: Stretch[] = []
  const bytesMin = values.shortest + 1
  const lengthMin = Math.ceil((bytesMin * 8) / codec.bitsPerCharacter)
  const placesAt = (at: number): number => codec.asciiPlaces[source[at] ?? STRANGER] ?? 0
  const addStretches = values.isAscii ? addAscii : addEveryAlignment
  let from = 0
  while (from + lengthMin <= source.byteLength) {
    let at = from + lengthMin - 1
    let seen = 0
    for (let places = placesAt(at); at >= from && places > 0; places = placesAt(--at))
      seen |= places
    if (at >= from) {
      from = at + 1
      continue
    }
    let end = from + lengthMin
    for (let places = placesAt(end); places > 0; places = placesAt(++end)) seen |= places
    const run = runAt(source, { start: from, end, hasSkipped: (seen & SKIPPED) !== 0 })
    addStretches(found, run, codec, bytesMin)
    from = end + 1
  }
  return found
}

type Place = Readonly<{ start: number; end: number; hasSkipped: boolean }>

function runAt(source: Buffer, { start, end, hasSkipped }: Place): Run {
  if (!hasSkipped) return { text: source, start, end, placeOf: itself }
  const places = Uint32Array.from({ length: end - start }, (_, index) => start + index)
  const kept = places.filter((place) => !isSkipped(source[place]))
  const text = Buffer.from(source.subarray(start, end).filter((byte) => !isSkipped(byte)))
  return { text, start: 0, end: text.byteLength, placeOf: (index) => kept[index] ?? end }
}

const itself = (index: number): number => index

function addEveryAlignment(found: Stretch[], run: Run, codec: Codec): void {
  for (let offset = 0; offset < codec.charactersPerGroup; offset++) {
    found.push({ run, from: run.start + offset, to: run.end })
  }
}

/**
 * A run may begin in the middle of a group, so every alignment is tried. Jumps by the number of groups that matters
 * and looks back.
 */
function addAscii(found: Stretch[], run: Run, codec: Codec, bytesMin: number): void {
  const { text, start, end: runEnd } = run
  const width = codec.charactersPerGroup
  const whole = Math.floor((bytesMin - codec.bytesPerGroup + 1) / codec.bytesPerGroup)
  const needed = Math.max(1, whole) * width
  for (let first = start; first < start + width; first++) {
    let from = first
    while (from + needed <= runEnd) {
      let at = from + needed - width
      while (at >= from && isAsciiGroup(text, at, codec)) at -= width
      if (at >= from) {
        from = at + width
        continue
      }
      let end = from + needed
      while (end + width <= runEnd && isAsciiGroup(text, end, codec)) end += width
      found.push({ run, from: Math.max(first, from - width), to: Math.min(end + width, runEnd) })
      from = end + width
    }
  }
}

function isAsciiGroup(text: Buffer, from: number, codec: Codec): boolean {
  for (let place = 0; place < codec.charactersPerGroup; place++) {
    const places = codec.asciiPlaces[text[from + place] ?? 0] ?? 0
    if ((places & (1 << place)) === 0) return false
  }
  return true
}

/** Zeros are left out, so that escapes written in UTF-16 are escapes again. */
function decodeStretch({ run, from, to }: Stretch, codec: Codec): View {
  const bytes = Buffer.from(run.text.toString('latin1', from, to), codec.via)
  const kept = Uint32Array.from(bytes.keys()).filter((index) => bytes[index] !== 0)
  const characterAt = (bit: number): number =>
    run.placeOf(Math.min(from + Math.floor(bit / codec.bitsPerCharacter), run.end - 1))
  return {
    via: codec.via,
    bytes: kept.length === bytes.length ? bytes : Buffer.from(bytes.filter((byte) => byte !== 0)),
    toSource: (start, end) => [
      characterAt((kept[start] ?? 0) * 8),
      characterAt((kept[end - 1] ?? 0) * 8 + 7) + 1,
    ],
  }
}
