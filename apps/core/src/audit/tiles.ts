import { appendLeaves, emptyFrontier, rootOf } from '@peta/proof'

/**
 * Hashes of a log in full tiles of 256 per level; the root of a full tile is one hash of the level above.
 *
 * @see https://c2sp.org/tlog-tiles
 */
export const TILE_WIDTH = 256

/** Per level, how many tiles are full and the hashes that fill none yet. */
export type Tiles = readonly Level[]
type Level = Readonly<{ full: number; rest: readonly Uint8Array[] }>

export type FullTile = Readonly<{ level: number; n: number; hashes: Uint8Array }>

export const emptyTiles: Tiles = []

export function addToTiles(
  tiles: Tiles,
  leaves: readonly Uint8Array[],
): Readonly<{ tiles: Tiles; full: readonly FullTile[] }> {
  const levels: Level[] = [...tiles]
  const full: FullTile[] = []
  let added = leaves
  for (let level = 0; added.length > 0; level += 1) {
    const before = levels[level] ?? { full: 0, rest: [] }
    const hashes = [...before.rest, ...added]
    const fullHere = chunksOf(hashes)
    full.push(
      ...fullHere.map((chunk, at) => ({
        level,
        n: before.full + at,
        hashes: Buffer.concat(chunk),
      })),
    )
    levels[level] = {
      full: before.full + fullHere.length,
      rest: hashes.slice(fullHere.length * TILE_WIDTH),
    }
    added = fullHere.map((chunk) => rootOf(appendLeaves(emptyFrontier, chunk)))
  }
  return { tiles: levels, full }
}

function chunksOf(hashes: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const count = Math.floor(hashes.length / TILE_WIDTH)
  return Array.from({ length: count }, (_, at) =>
    hashes.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH),
  )
}
