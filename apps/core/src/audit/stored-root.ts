import { appendLeaves, emptyFrontier, HASH_BYTES, rootOf } from '@peta/proof'

import { readLeaves, readTiles } from '../store/families/audit-log.ts'
import type { Db } from '../store/operation.ts'
import { TILE_WIDTH } from './tiles.ts'

/**
 * The root of a log as its stored tiles and last leaves give it, or nothing when parts are missing. At most 255 tiles
 * of each level are read, so that the cost hardly grows with the log.
 */
export async function storedRoot(
  db: Db,
  logId: string,
  size: number,
): Promise<Uint8Array | undefined> {
  const peaks: Uint8Array[] = []
  for (const { level, from, count } of tilesUnder(size)) {
    const tiles = await readTiles(db, logId, level, { from, count })
    if (tiles.length !== count) return undefined
    peaks.push(...peaksOf(tiles.map((tile) => rootOf(appendLeaves(emptyFrontier, split(tile))))))
  }
  const covered = size - (size % TILE_WIDTH)
  const leaves = await readLeaves(db, logId, { from: covered, count: size - covered })
  if (leaves.length !== size - covered) return undefined
  return rootOf({ size, peaks: [...peaks, ...peaksOf(leaves)] })
}

/** Per level, widest first, the full tiles that no tile of the level above stands for. */
function tilesUnder(
  size: number,
): readonly Readonly<{ level: number; from: number; count: number }>[] {
  const levels = []
  let full = Math.floor(size / TILE_WIDTH)
  for (let level = 0; full > 0; level += 1) {
    const count = full % TILE_WIDTH
    levels.unshift({ level, from: full - count, count })
    full = Math.floor(full / TILE_WIDTH)
  }
  return levels.filter(({ count }) => count > 0)
}

const peaksOf = (roots: readonly Uint8Array[]): readonly Uint8Array[] =>
  appendLeaves(emptyFrontier, roots).peaks

const split = (hashes: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: hashes.length / HASH_BYTES }, (_, at) =>
    hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  )
