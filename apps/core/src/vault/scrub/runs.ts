import { isSkipped } from './fold.ts'
import type { View } from './view.ts'

/**
 * Texts inside base64 or hex. An encoded value itself is found by its listed forms; a decoding is needed only where
 * something else was encoded again, and that is ASCII. So only stretches that would decode to ASCII are decoded,
 * which ordinary words, hashes and images do not.
 */
export function* encodedRuns(source: Buffer): Generator<View> {
  for (const codec of [base64, hex]) {
    for (const [start, end] of runsOf(source, codec)) {
      yield* asciiStretches(placesOf(source, start, end), source, codec)
    }
  }
}

type Codec = Readonly<{
  via: 'base64' | 'hex'
  bitsPerCharacter: number
  /** Characters that decode to whole bytes. */
  group: number
  groupsMin: number
  valueOf: Int8Array
  /** For each place in a group the bit that is set when the byte decoded from it is not ASCII. */
  highBits: readonly number[]
}>

/** The shortest run whose decoding can hold an encoded value of 8 bytes. */
const RUN_LENGTH_MIN = 15

const base64: Codec = {
  via: 'base64',
  bitsPerCharacter: 6,
  group: 4,
  groupsMin: 3,
  valueOf: valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_'),
  highBits: [0b100000, 0b001000, 0b000010, 0],
}

const hex: Codec = {
  via: 'hex',
  bitsPerCharacter: 4,
  group: 2,
  groupsMin: 11,
  valueOf: valuesOf('0123456789abcdef', '', 'ABCDEF'),
  highBits: [0b1000, 0],
}

/** `last` and `upper` are second spellings of the last characters of `alphabet`. */
function valuesOf(alphabet: string, last: string, upper = ''): Int8Array {
  const values = new Int8Array(256).fill(-1)
  for (const spelling of [alphabet, last, upper]) {
    for (let index = 0; index < spelling.length; index++) {
      values[spelling.charCodeAt(index)] = alphabet.length - spelling.length + index
    }
  }
  return values
}

/** Jumps by the length that matters and looks back, so that text of short words costs next to nothing. */
function* runsOf(source: Buffer, { valueOf }: Codec): Generator<readonly [number, number]> {
  const isMember = (at: number): boolean =>
    (valueOf[source[at] ?? 0] ?? -1) >= 0 || isSkipped(source[at])
  let from = 0
  while (from + RUN_LENGTH_MIN <= source.byteLength) {
    let at = from + RUN_LENGTH_MIN - 1
    while (at >= from && isMember(at)) at--
    if (at >= from) {
      from = at + 1
      continue
    }
    let end = from + RUN_LENGTH_MIN
    while (end < source.byteLength && isMember(end)) end++
    yield [from, end]
    from = end + 1
  }
}

/** Where the characters of a run stand, without its line ends. */
function placesOf(source: Buffer, start: number, end: number): Int32Array {
  const places = new Int32Array(end - start)
  let count = 0
  for (let at = start; at < end; at++) {
    if (!isSkipped(source[at])) places[count++] = at
  }
  return places.subarray(0, count)
}

/** A run may begin in the middle of a group, so every alignment is tried. */
function* asciiStretches(places: Int32Array, source: Buffer, codec: Codec): Generator<View> {
  for (let offset = 0; offset < codec.group; offset++) {
    let groups = 0
    for (let at = offset; at <= places.length; at += codec.group) {
      const isWhole = at + codec.group <= places.length
      if (isWhole && isAscii(places, at, source, codec)) {
        groups++
        continue
      }
      if (groups >= codec.groupsMin) {
        const from = Math.max(offset, at - (groups + 1) * codec.group)
        yield decodeStretch(places.subarray(from, at + codec.group), source, codec)
      }
      groups = 0
    }
  }
}

function isAscii(places: Int32Array, from: number, source: Buffer, codec: Codec): boolean {
  return codec.highBits.every((bit, place) => {
    const value = codec.valueOf[source[places[from + place] ?? 0] ?? 0] ?? 0
    return (value & bit) === 0
  })
}

/** Zeros are left out, so that escapes written in UTF-16 are escapes again. */
function decodeStretch(places: Int32Array, source: Buffer, codec: Codec): View {
  const text = Buffer.allocUnsafe(places.length)
  for (const [index, place] of places.entries()) text[index] = source[place] ?? 0
  const bytes = Buffer.from(text.toString('latin1'), codec.via)
  const kept = Uint32Array.from(bytes.keys()).filter((index) => bytes[index] !== 0)
  const characterAt = (bit: number): number =>
    places[Math.floor(bit / codec.bitsPerCharacter)] ?? places.at(-1) ?? 0
  return {
    via: codec.via,
    bytes: kept.length === bytes.length ? bytes : Buffer.from(bytes.filter((byte) => byte !== 0)),
    toSource: (start, end) => [
      characterAt((kept[start] ?? 0) * 8),
      characterAt((kept[end - 1] ?? 0) * 8 + 7) + 1,
    ],
  }
}
