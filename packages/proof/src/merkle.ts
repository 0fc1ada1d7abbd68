import { hash } from 'node:crypto'

/**
 * The Merkle tree of an append-only log. It proves that an entry is in a log, and that a longer log begins with a
 * shorter one; it says nothing about whether what was logged is true.
 *
 * @see RFC 6962 section 2.1, RFC 9162 section 2.1
 */

export const HASH_BYTES = 32

const LEAF = 0x00
const NODE = 0x01

/** The roots of the perfect subtrees that a log of `size` entries falls into, widest first: all a writer keeps. */
export type Frontier = Readonly<{ size: number; peaks: readonly Uint8Array[] }>

export const emptyFrontier: Frontier = { size: 0, peaks: [] }

/** The root of the perfect subtree over leaves `[index * 2^level, (index + 1) * 2^level)`. */
export type NodeAt = (level: number, index: number) => Uint8Array

export function leafHash(body: Uint8Array): Buffer {
  const prefixed = Buffer.allocUnsafe(body.length + 1)
  prefixed[0] = LEAF
  prefixed.set(body, 1)
  return hash('sha256', prefixed, 'buffer')
}

/** The bytes of a text entry with their leaf hash, in one allocation. */
export function encodeLeaf(text: string): Readonly<{ body: Buffer; leaf: Buffer }> {
  const prefixed = Buffer.allocUnsafe(Buffer.byteLength(text) + 1)
  prefixed[0] = LEAF
  prefixed.write(text, 1)
  return { body: prefixed.subarray(1), leaf: hash('sha256', prefixed, 'buffer') }
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const prefixed = Buffer.allocUnsafe(1 + 2 * HASH_BYTES)
  prefixed[0] = NODE
  prefixed.set(left, 1)
  prefixed.set(right, 1 + HASH_BYTES)
  return hash('sha256', prefixed, 'buffer')
}

/** `made` is told of every perfect subtree that the leaves complete, themselves included, in the order of each level. */
export function appendLeaves(
  frontier: Frontier,
  leaves: Iterable<Uint8Array>,
  made?: (level: number, root: Uint8Array) => void,
): Frontier {
  const peaks = [...frontier.peaks]
  let size = frontier.size
  for (const leaf of leaves) {
    peaks.push(leaf)
    made?.(0, leaf)
    for (let level = 1, rest = size; rest % 2 === 1; level += 1, rest = (rest - 1) / 2) {
      const root = mergeLastTwo(peaks)
      made?.(level, root)
    }
    size += 1
  }
  return { size, peaks }
}

/** The tree head. That of the empty log is the hash of nothing. */
export function rootOf({ peaks }: Frontier): Uint8Array {
  const root = peaks.reduceRight<Uint8Array | undefined>(
    (right, left) => (right ? nodeHash(left, right) : left),
    undefined,
  )
  return root ?? hash('sha256', '', 'buffer')
}

/** Every perfect subtree over leaves held in memory. */
export function createNodes(leaves: readonly Uint8Array[]): NodeAt {
  const levels: (readonly Uint8Array[])[] = [leaves]
  for (let below = leaves; below.length > 1;) {
    below = pairs(below)
    levels.push(below)
  }
  return function nodeAt(level, index) {
    const node = levels[level]?.[index]
    if (!node) throw new RangeError(`no perfect subtree ${level}/${index}`)
    return node
  }
}

/** The hashes that lead from leaf `index` to the root of the first `size` leaves, from the leaf upwards. */
export function inclusionProof(index: number, size: number, nodeAt: NodeAt): Uint8Array[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`no leaf ${index} in ${size}`)
  const proof: Uint8Array[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    const isLeft = index < middle
    proof.unshift(isLeft ? rangeRoot(middle, end, nodeAt) : rangeRoot(start, middle, nodeAt))
    if (isLeft) end = middle
    else start = middle
  }
  return proof
}

/** The hashes that show that the log of `to` leaves begins with the log of `from` leaves. */
export function consistencyProof(from: number, to: number, nodeAt: NodeAt): Uint8Array[] {
  if (!(from >= 0 && from <= to)) throw new RangeError(`no log of ${from} in ${to}`)
  if (from === 0 || from === to) return []
  const proof: Uint8Array[] = []
  let start = 0
  let end = to
  while (from !== end) {
    const middle = start + splitOf(end - start)
    const isLeft = from <= middle
    proof.unshift(isLeft ? rangeRoot(middle, end, nodeAt) : rangeRoot(start, middle, nodeAt))
    if (isLeft) end = middle
    else start = middle
  }
  return start === 0 ? proof : [rangeRoot(start, end, nodeAt), ...proof]
}

function mergeLastTwo(peaks: Uint8Array[]): Uint8Array {
  const right = peaks.pop()
  const left = peaks.pop()
  if (!left || !right) throw new RangeError('a frontier has fewer peaks than its size asks for')
  const root = nodeHash(left, right)
  peaks.push(root)
  return root
}

function pairs(below: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = []
  for (let index = 1; index < below.length; index += 2) {
    const left = below[index - 1]
    const right = below[index]
    if (left && right) above.push(nodeHash(left, right))
  }
  return above
}

/** The widest power of two smaller than `count`: where the RFC's trees part. */
function splitOf(count: number): number {
  let width = 1
  while (width * 2 < count) width *= 2
  return width
}

/** Root over `[start, end)`, a range that the RFC's recursion reaches, so that `start` is a multiple of its parts. */
function rangeRoot(start: number, end: number, nodeAt: NodeAt): Uint8Array {
  const peaks: Uint8Array[] = []
  for (let at = start; at < end;) {
    let level = 0
    while (at + 2 ** (level + 1) <= end && at % 2 ** (level + 1) === 0) level += 1
    peaks.push(nodeAt(level, at / 2 ** level))
    at += 2 ** level
  }
  return rootOf({ size: end - start, peaks })
}
