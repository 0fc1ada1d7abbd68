import { nodeHash } from './merkle.ts'

export type InclusionClaim = Readonly<{
  leaf: Uint8Array
  index: number
  size: number
  root: Uint8Array
  proof: readonly Uint8Array[]
}>

/** @see RFC 9162 section 2.1.3.2 */
export function verifyInclusion({ leaf, index, size, root, proof }: InclusionClaim): boolean {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false
  let fromIndex = index
  let fromLast = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (fromLast === 0) return false
    if (isOdd(fromIndex) || fromIndex === fromLast) {
      hash = nodeHash(sibling, hash)
      while (!isOdd(fromIndex) && fromIndex !== 0) {
        fromIndex = half(fromIndex)
        fromLast = half(fromLast)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    fromIndex = half(fromIndex)
    fromLast = half(fromLast)
  }
  return fromLast === 0 && isSame(hash, root)
}

export type ConsistencyClaim = Readonly<{
  from: number
  to: number
  fromRoot: Uint8Array
  toRoot: Uint8Array
  proof: readonly Uint8Array[]
}>

/** @see RFC 9162 section 2.1.4.2 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim
  if (!(Number.isSafeInteger(from) && from >= 0 && from <= to)) return false
  if (from === to) return proof.length === 0 && isSame(fromRoot, toRoot)
  if (from === 0) return proof.length === 0
  const [first, ...rest] = isPowerOfTwo(from) ? [fromRoot, ...proof] : proof
  return first !== undefined && foldsToBoth(first, rest, claim)
}

function foldsToBoth(
  first: Uint8Array,
  rest: readonly Uint8Array[],
  { from, to, fromRoot, toRoot }: ConsistencyClaim,
): boolean {
  let fromLast = from - 1
  let toLast = to - 1
  while (isOdd(fromLast)) {
    fromLast = half(fromLast)
    toLast = half(toLast)
  }
  let older = first
  let newer = first
  for (const sibling of rest) {
    if (toLast === 0) return false
    if (isOdd(fromLast) || fromLast === toLast) {
      older = nodeHash(sibling, older)
      newer = nodeHash(sibling, newer)
      while (!isOdd(fromLast) && fromLast !== 0) {
        fromLast = half(fromLast)
        toLast = half(toLast)
      }
    } else {
      newer = nodeHash(newer, sibling)
    }
    fromLast = half(fromLast)
    toLast = half(toLast)
  }
  return toLast === 0 && isSame(older, fromRoot) && isSame(newer, toRoot)
}

const isOdd = (value: number): boolean => value % 2 === 1
const half = (value: number): number => Math.floor(value / 2)

function isPowerOfTwo(value: number): boolean {
  let rest = value
  while (rest > 1 && !isOdd(rest)) rest = half(rest)
  return rest === 1
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
