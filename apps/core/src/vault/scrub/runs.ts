import { isSkipped, SKIPPED_BYTES } from './fold.ts'
import type { View } from './view.ts'

/**
 * Texts inside base64 or hex. An encoded value itself is found by its listed forms; a decoding is needed only where
 * something else was encoded again, which is longer than the shortest value, and ASCII when the values are. So only
 * stretches that would decode to as much ASCII are decoded, which words, hashes and images hardly ever do.
 */
export function* encodedRuns(
  source: Buffer,
  values: Readonly<{ shortest: number; isAscii: boolean }>,
): Generator<View> {
  const bytesMin = values.shortest + 1
  for (const codec of [base64, hex]) {
    const lengthMin = Math.ceil((bytesMin * 8) / codec.bitsPerCharacter)
    for (const [start, end] of runsOf(source, codec.asciiPlaces, lengthMin)) {
      const run = runAt(source, start, end)
      yield* values.isAscii ? asciiStretches(run, codec, bytesMin) : everyAlignment(run, codec)
    }
  }
}

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

/** Jumps by the length that matters and looks back, so that text of short words costs next to nothing. */
function* runsOf(
  source: Buffer,
  members: Uint8Array,
  lengthMin: number,
): Generator<readonly [start: number, end: number]> {
  let from = 0
  while (from + lengthMin <= source.byteLength) {
    let at = from + lengthMin - 1
    while (at >= from && (members[source[at] ?? 0] ?? 0) > 0) at--
    if (at >= from) {
      from = at + 1
      continue
    }
    let end = from + lengthMin
    while (end < source.byteLength && (members[source[end] ?? 0] ?? 0) > 0) end++
    yield [from, end]
    from = end + 1
  }
}

/** The characters of a run without what is skipped, and where each stands in the source. */
type Run = Readonly<{ text: Buffer; placeOf: (index: number) => number }>

function runAt(source: Buffer, start: number, end: number): Run {
  const text = source.subarray(start, end)
  if (!SKIPPED_BYTES.some((byte) => text.includes(byte))) {
    return { text, placeOf: (index) => start + index }
  }
  const kept = Uint32Array.from(text.keys()).filter((index) => !isSkipped(text[index]))
  return {
    text: Buffer.from(text.filter((byte) => !isSkipped(byte))),
    placeOf: (index) => start + (kept[index] ?? 0),
  }
}

function* everyAlignment(run: Run, codec: Codec): Generator<View> {
  for (let offset = 0; offset < codec.charactersPerGroup; offset++) {
    yield decodeStretch(run, codec, offset, run.text.byteLength)
  }
}

/**
 * A run may begin in the middle of a group, so every alignment is tried. Jumps by the number of groups that matters
 * and looks back.
 */
function* asciiStretches(run: Run, codec: Codec, bytesMin: number): Generator<View> {
  const width = codec.charactersPerGroup
  const whole = Math.floor((bytesMin - codec.bytesPerGroup + 1) / codec.bytesPerGroup)
  const needed = Math.max(1, whole) * width
  for (let offset = 0; offset < width; offset++) {
    let from = offset
    while (from + needed <= run.text.byteLength) {
      let at = from + needed - width
      while (at >= from && isAsciiGroup(run.text, at, codec)) at -= width
      if (at >= from) {
        from = at + width
        continue
      }
      let end = from + needed
      while (end + width <= run.text.byteLength && isAsciiGroup(run.text, end, codec)) end += width
      yield decodeStretch(run, codec, Math.max(offset, from - width), end + width)
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
function decodeStretch({ text, placeOf }: Run, codec: Codec, from: number, to: number): View {
  const bytes = Buffer.from(text.toString('latin1', from, to), codec.via)
  const kept = Uint32Array.from(bytes.keys()).filter((index) => bytes[index] !== 0)
  const characterAt = (bit: number): number =>
    placeOf(Math.min(from + Math.floor(bit / codec.bitsPerCharacter), text.byteLength - 1))
  return {
    via: codec.via,
    bytes: kept.length === bytes.length ? bytes : Buffer.from(bytes.filter((byte) => byte !== 0)),
    toSource: (start, end) => [
      characterAt((kept[start] ?? 0) * 8),
      characterAt((kept[end - 1] ?? 0) * 8 + 7) + 1,
    ],
  }
}
