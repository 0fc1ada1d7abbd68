import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'

/**
 * Room on the disk that is kept for cleaning up when there is none left (STO-13). Writing it is best effort: a disk
 * that has no room for it is shown as full, but what is stored can still be read.
 */
export type Reserve = Readonly<{
  hold: () => void
  release: () => void
}>

const CHUNK_BYTES = 1024 * 1024

export function createReserve(path: string, bytes: number): Reserve {
  const isHeld = (): boolean => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= bytes

  function hold(): void {
    if (isHeld()) return
    try {
      fill(path, bytes)
    } catch {
      rmSync(path, { force: true })
    }
  }
  return { hold, release: () => rmSync(path, { force: true }) }
}

/** Written, not just declared: a sparse file would hold no room. */
function fill(path: string, bytes: number): void {
  const file = openSync(path, 'w', 0o600)
  try {
    for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
      writeSync(file, Buffer.alloc(Math.min(left, CHUNK_BYTES)))
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
