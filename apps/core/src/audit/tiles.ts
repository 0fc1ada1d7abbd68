/**
 * Hashes of a log in full tiles of 256 per level; the root of a full tile is one hash of the level above. So they are
 * the roots that the tree makes anyway, of every eighth of its levels.
 *
 * @see https://c2sp.org/tlog-tiles
 */
export const TILE_WIDTH = 256
const TREE_LEVELS_PER_TILE = 8

/** Per level, how many tiles are full and the hashes that fill none yet. */
export type Tiles = readonly Level[]
type Level = Readonly<{ full: number; rest: readonly Uint8Array[] }>

export type FullTile = Readonly<{ level: number; n: number; hashes: Uint8Array }>

export const emptyTiles: Tiles = []

export type GrowingTiles = Readonly<{
  /** Takes the root of each perfect subtree as the tree makes it. */
  add: (treeLevel: number, root: Uint8Array) => void
  tiles: Tiles
  full: readonly FullTile[]
}>

/** Goes on from tiles, which stay as they are: a batch may yet be undone. */
export function growTiles(before: Tiles): GrowingTiles {
  const levels = before.map(({ full, rest }) => ({ full, rest: [...rest] }))
  const filled: FullTile[] = []

  function add(treeLevel: number, root: Uint8Array): void {
    if (treeLevel % TREE_LEVELS_PER_TILE !== 0) return
    const level = treeLevel / TREE_LEVELS_PER_TILE
    const { full, rest } = (levels[level] ??= { full: 0, rest: [] })
    if (rest.push(root) < TILE_WIDTH) return
    filled.push({ level, n: full, hashes: Buffer.concat(rest) })
    levels[level] = { full: full + 1, rest: [] }
  }
  return { add, tiles: levels, full: filled }
}
