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
  /** The same where bytes may be any. */
  anyPlaces: Uint8Array
}>

const SKIPPED = 0x80
/** Stands beyond either end of a text: in no alphabet, and not skipped. */
const STRANGER = 0xff

const base64Letters = [
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  '-_',
] as const
const hexDigits = ['0123456789abcdef', 'ABCDEF'] as const

const base64: Codec = {
  via: 'base64',
  bitsPerCharacter: 6,
  charactersPerGroup: 4,
  bytesPerGroup: 3,
  asciiPlaces: placesTable(base64Letters, [0b100000, 0b001000, 0b000010, 0]),
  anyPlaces: placesTable(base64Letters, [0, 0, 0, 0]),
}

const hex: Codec = {
  via: 'hex',
  bitsPerCharacter: 4,
  charactersPerGroup: 2,
  bytesPerGroup: 1,
  asciiPlaces: placesTable(hexDigits, [0b1000, 0]),
  anyPlaces: placesTable(hexDigits, [0, 0]),
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
 * Looks only at runs of the alphabet in which a window as long as matters could be decoded. Nothing is made for a run
 * in which nothing is found: most texts are full of those.
 */
function stretchesOf(source: Buffer, codec: Codec, values: Values): readonly Stretch[] {
  const found: Stretch[] = []
  const bytesMin = values.shortest + 1
  const lengthMin = Math.ceil((bytesMin * 8) / codec.bitsPerCharacter)
  const windowLength = values.isAscii ? wholeGroups(codec, bytesMin) : lengthMin
  const addStretches = values.isAscii ? addAscii : addEveryAlignment
  let from = nextWindow(source, codec, values.isAscii, { from: 0, windowLength })
  while (from !== -1) {
    const place = runAround(source, codec, from)
    if (place.end - place.start >= lengthMin) {
      addStretches(found, runAt(source, place), codec, bytesMin)
    }
    from = nextWindow(source, codec, values.isAscii, { from: place.end + 1, windowLength })
  }
  return found
}

/** As few characters as are whole groups wherever so many bytes begin. */
const wholeGroups = (codec: Codec, bytesMin: number): number => {
  const groups = Math.floor((bytesMin - codec.bytesPerGroup + 1) / codec.bytesPerGroup)
  return Math.max(1, groups) * codec.charactersPerGroup
}

/**
 * The start of the next window of characters that decode in one alignment at least, or -1. It looks from the end of a
 * window back: each character leaves some alignments, as a bit for its own place in a group, and where none is left
 * no window can begin before it. Of text that is no encoding a few characters per window are enough for that.
 */
function nextWindow(
  source: Buffer,
  { asciiPlaces, anyPlaces, charactersPerGroup }: Codec,
  isAscii: boolean,
  window: Readonly<{ from: number; windowLength: number }>,
): number {
  const placesOf = isAscii ? asciiPlaces : anyPlaces
  const last = charactersPerGroup - 1
  const all = (1 << charactersPerGroup) - 1
  const { windowLength } = window
  let { from } = window
  while (from + windowLength <= source.byteLength) {
    let at = from + windowLength
    let left = all
    while (left !== 0 && at > from) {
      const places = placesOf[source[--at] ?? 0] ?? 0
      if (places !== SKIPPED) left = ((left >> 1) | ((left & 1) << last)) & places
    }
    if (left !== 0) return from
    from = at + 1
  }
  return -1
}

/** All characters of the alphabet, and those that are skipped, around one of them. */
function runAround(source: Buffer, { anyPlaces }: Codec, at: number): Place {
  const placesAt = (index: number): number => anyPlaces[source[index] ?? STRANGER] ?? 0
  let seen = 0
  let start = at
  for (let places = placesAt(start - 1); places > 0; places = placesAt(start - 1)) {
    seen |= places
    start -= 1
  }
  let end = at
  for (let places = placesAt(end); places > 0; places = placesAt(end)) {
    seen |= places
    end += 1
  }
  return { start, end, hasSkipped: (seen & SKIPPED) !== 0 }
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
  const needed = wholeGroups(codec, bytesMin)
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
