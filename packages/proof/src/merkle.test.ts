import { hash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  appendLeaves,
  consistencyProof,
  createNodes,
  emptyFrontier,
  encodeLeaf,
  inclusionProof,
  leafHash,
  rootOf,
} from './merkle.ts'
import { verifyConsistency, verifyInclusion } from './proof-check.ts'

const sha256 = (...parts: readonly Uint8Array[]) => hash('sha256', Buffer.concat(parts), 'buffer')
const byte = (value: number) => Buffer.from([value])
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex')

/** The inputs that the implementations of the RFC share as test vectors. */
const vectorInputs = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((text) => leafHash(Buffer.from(text, 'hex')))

const vectorRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

/** The RFC's recursive definitions, word by word, as a second opinion. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256()
  const [only] = leaves
  if (only && leaves.length === 1) return only
  const k = naiveSplit(leaves.length)
  return sha256(byte(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}
function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  const k = naiveSplit(leaves.length)
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))]
}
function naiveSubproof(m: number, leaves: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)]
  const k = naiveSplit(leaves.length)
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), isWhole), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))]
}
const naiveSplit = (n: number) => 2 ** (Math.ceil(Math.log2(n)) - 1)

const leavesOf = (count: number) => Array.from({ length: count }, (_, i) => leafHash(byte(i % 251)))
const rootOfAll = (leaves: readonly Uint8Array[]) => rootOf(appendLeaves(emptyFrontier, leaves))

describe('the tree (AUD-31)', () => {
  it('has the roots of the published vectors', () => {
    for (const [size, root] of vectorRoots.entries()) {
      expect(hex(rootOfAll(vectorInputs.slice(0, size)))).toBe(root)
    }
  })

  it('hashes text as its bytes', () => {
    const { body, leaf } = encodeLeaf('{"a":"é"}')
    expect(body.toString()).toBe('{"a":"é"}')
    expect(leaf).toEqual(sha256(byte(0), body))
    expect(leafHash(body)).toEqual(leaf)
  })

  it('agrees with the recursive definition for every size from 0 to 1,025', () => {
    const leaves = leavesOf(1025)
    const sizes = Array.from(leaves.keys()).filter((size) => size < 70 || size % 32 < 2)
    for (const size of [...sizes, 1025]) {
      const part = leaves.slice(0, size)
      expect(hex(rootOfAll(part))).toBe(hex(naiveRoot(part)))
    }
    const frontier = appendLeaves(emptyFrontier, leaves)
    expect(frontier).toMatchObject({ size: 1025, peaks: { length: 2 } })
  })

  it('gives the same root however its leaves were batched', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 })
    fc.assert(
      fc.property(cuts, (sizes) => {
        const leaves = leavesOf(300)
        const edges = [0, ...sizes.toSorted((a, b) => a - b), 300]
        const batched = edges.reduce(
          (frontier, edge, i) => appendLeaves(frontier, leaves.slice(edges[i - 1] ?? 0, edge)),
          emptyFrontier,
        )
        expect(batched).toEqual(appendLeaves(emptyFrontier, leaves))
      }),
    )
  })
})

describe('proofs (AUD-36)', () => {
  const anyTree = fc.integer({ min: 1, max: 130 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      index: fc.integer({ min: 0, max: size - 1 }),
      from: fc.integer({ min: 0, max: size }),
    }),
  )

  it('are those of the recursive definitions, and verify, on random trees', () => {
    fc.assert(
      fc.property(anyTree, ({ size, index, from }) => {
        const leaves = leavesOf(size)
        const nodeAt = createNodes(leaves)
        const root = rootOfAll(leaves)

        const inclusion = inclusionProof(index, size, nodeAt)
        expect(inclusion.map(hex)).toEqual(naivePath(index, leaves).map(hex))
        const leaf = leaves[index] ?? byte(0)
        expect(verifyInclusion({ leaf, index, size, root, proof: inclusion })).toBe(true)

        const proof = consistencyProof(from, size, nodeAt)
        const naive = from === 0 ? [] : naiveSubproof(from, leaves, true)
        expect(proof.map(hex)).toEqual(naive.map(hex))
        const fromRoot = rootOfAll(leaves.slice(0, from))
        expect(verifyConsistency({ from, to: size, fromRoot, toRoot: root, proof })).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('prove nothing else: another leaf, index, size, root, or a changed path is refused', () => {
    for (let size = 2; size <= 17; size++) {
      const leaves = leavesOf(size)
      const root = rootOfAll(leaves)
      for (const [index, leaf] of leaves.entries()) {
        const proof = inclusionProof(index, size, createNodes(leaves))
        const good = { leaf, index, size, root, proof }
        expect(verifyInclusion(good)).toBe(true)
        const bad = [
          { ...good, leaf: byte(9) },
          { ...good, index: (index + 1) % size },
          { ...good, index: -1 },
          { ...good, index: size },
          { ...good, root: leaf },
          { ...good, proof: proof.slice(1) },
          { ...good, proof: [...proof, root] },
          { ...good, proof: proof.with(0, root) },
        ]
        expect(bad.filter(verifyInclusion)).toEqual([])
      }
    }
  })

  it('never call a fork consistent', () => {
    for (let to = 2; to <= 17; to++) {
      const leaves = leavesOf(to)
      const forked = leaves.map(leafHash)
      for (let from = 1; from < to; from++) {
        const proof = consistencyProof(from, to, createNodes(leaves))
        const good = {
          from,
          to,
          fromRoot: rootOfAll(leaves.slice(0, from)),
          toRoot: rootOfAll(leaves),
          proof,
        }
        expect(verifyConsistency(good)).toBe(true)
        const bad = [
          { ...good, fromRoot: rootOfAll(forked.slice(0, from)) },
          { ...good, toRoot: rootOfAll(forked) },
          { ...good, proof: consistencyProof(from, to, createNodes(forked)) },
          { ...good, proof: proof.slice(1) },
          { ...good, proof: [...proof, good.toRoot] },
          { ...good, from: to + 1 },
          { ...good, from: to },
        ]
        expect(bad.filter(verifyConsistency)).toEqual([])
      }
    }
  })

  it('refuse to be made for what is not there', () => {
    const nodeAt = createNodes(leavesOf(3))
    expect(() => inclusionProof(3, 3, nodeAt)).toThrow(RangeError)
    expect(() => consistencyProof(4, 3, nodeAt)).toThrow(RangeError)
    expect(() => nodeAt(1, 1)).toThrow(RangeError)
  })
})
