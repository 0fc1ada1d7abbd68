import { appendLeaves, createNodes, emptyFrontier, HASH_BYTES, leafHash, rootOf } from '@peta/proof'
import { expect, it } from 'vitest'

import { emptyTiles, growTiles, TILE_WIDTH, type FullTile } from './tiles.ts'

const leaves = Array.from({ length: TILE_WIDTH * TILE_WIDTH + 700 }, (_, i) =>
  leafHash(Buffer.from(String(i))),
)

it('fills tiles of every level however leaves are batched (AUD-31)', () => {
  const nodeAt = createNodes(leaves)
  const full: FullTile[] = []
  let tiles = emptyTiles
  let frontier = emptyFrontier
  for (let at = 0; at < leaves.length; at += 999) {
    const batch = leaves.slice(at, at + 999)
    // What an undone batch added counts for nothing.
    appendLeaves(frontier, batch, growTiles(tiles).add)
    const grown = growTiles(tiles)
    frontier = appendLeaves(frontier, batch, grown.add)
    full.push(...grown.full)
    tiles = grown.tiles
  }
  const levels = Map.groupBy(full, (tile) => tile.level)
  expect([...levels].map(([level, own]) => [level, own.length])).toEqual([
    [0, 258],
    [1, 1],
  ])
  for (const { level, n, hashes } of full) {
    expect(hashes.length).toBe(TILE_WIDTH * HASH_BYTES)
    const first = Buffer.from(hashes.subarray(0, HASH_BYTES))
    expect(first).toEqual(Buffer.from(nodeAt(8 * level, n * TILE_WIDTH)))
  }
  const rest = tiles[0]?.rest ?? []
  expect(rest).toEqual(leaves.slice(-rest.length))
  expect(rootOf(appendLeaves(emptyFrontier, rest)).length).toBe(HASH_BYTES)
})
