/**
 * A text as it reads after one decoding, with the way back to where its bytes came from. Ranges found in a view are
 * cut out of the text it was made of.
 */
export type View = Readonly<{
  /** The name of the decoding. */
  via: string
  bytes: Buffer
  toSource: (start: number, end: number) => readonly [start: number, end: number]
}>

/**
 * Tries to decode one unit at `source[at]` into `target[to]`: bytes read times 8 plus bytes written, or 0 when there
 * is no unit. A number, because it is returned for every escape of every answer.
 */
export type DecodeUnit = (source: Uint8Array, at: number, target: Buffer, to: number) => number

export const decoded = (read: number, written: number): number => read * 8 + written

/** Undefined when nothing was decoded, so that the same text is never searched twice. */
export function unescapeView(
  via: string,
  source: Buffer,
  escape: number,
  decodeUnit: DecodeUnit,
): View | undefined {
  const first = source.indexOf(escape)
  if (first === -1) return undefined
  const target = Buffer.allocUnsafe(source.byteLength)
  const marks = createMarks()
  let at = source.copy(target, 0, 0, first)
  let to = at
  while (at < source.byteLength) {
    const unit = decodeUnit(source, at, target, to)
    if (unit > 0) {
      marks.add(to, at, unit)
      at += unit >> 3
      to += unit & 7
    } else {
      target[to++] = escape
      at++
    }
    const next = nextEscape(source, escape, at)
    if (next - at > SHORT) {
      to += source.copy(target, to, at, next)
      at = next
    } else {
      while (at < next) target[to++] = source[at++] ?? 0
    }
  }
  if (at === to) return undefined
  return { via, bytes: target.subarray(0, to), toSource: marks.toSource }
}

const SHORT = 32

/** Escapes often stand close together, where a native search costs more than a look at a few bytes. */
function nextEscape(source: Buffer, escape: number, from: number): number {
  const near = Math.min(from + SHORT, source.byteLength)
  for (let at = from; at < near; at++) {
    if (source[at] === escape) return at
  }
  const found = source.indexOf(escape, near)
  return found === -1 ? source.byteLength : found
}

type Marks = Readonly<{
  add: (viewAt: number, sourceAt: number, unit: number) => void
  toSource: View['toSource']
}>

const MARKS_AT_FIRST = 64

/** Remembers every decoded unit; what lies between two units was copied, so its place follows from them. */
function createMarks(): Marks {
  let viewAts = new Int32Array(MARKS_AT_FIRST)
  let sourceAts = new Int32Array(MARKS_AT_FIRST)
  let units = new Int32Array(MARKS_AT_FIRST)
  let count = 0

  function sourceRange(viewAt: number): readonly [start: number, end: number] {
    const mark = lastNotAfter(viewAts.subarray(0, count), viewAt)
    if (mark < 0) return [viewAt, viewAt + 1]
    const unit = units[mark] ?? 0
    const source = sourceAts[mark] ?? 0
    const beyond = viewAt - (viewAts[mark] ?? 0) - (unit & 7)
    const unitEnd = source + (unit >> 3)
    return beyond < 0 ? [source, unitEnd] : [unitEnd + beyond, unitEnd + beyond + 1]
  }

  return {
    add(viewAt, sourceAt, unit) {
      if (count === viewAts.length) {
        viewAts = doubled(viewAts)
        sourceAts = doubled(sourceAts)
        units = doubled(units)
      }
      viewAts[count] = viewAt
      sourceAts[count] = sourceAt
      units[count++] = unit
    },
    toSource: (start, end) => [sourceRange(start)[0], sourceRange(end - 1)[1]],
  }
}

function doubled(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(from.length * 2)
  twice.set(from)
  return twice
}

/** Index of the last element that is not greater than `value`, or -1. */
function lastNotAfter(ascending: Int32Array, value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
