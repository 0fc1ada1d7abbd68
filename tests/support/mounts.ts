import { execFile } from 'node:child_process'
import { mkdir, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Only root may mount; whoever is not root cannot run the tests that need a disk of a certain size. */
export const mayMount = process.platform === 'linux' && process.getuid?.() === 0

/** A disk of its own in memory, gone when it is disposed. */
export type MemoryDisk = AsyncDisposable &
  Readonly<{
    path: string
    remount: (option: 'ro' | 'rw') => Promise<void>
    /** Makes it larger, or as small as what is on it. Nothing on it is lost. */
    leaveFree: (bytes: number) => Promise<void>
  }>

/** @throws when this root may not mount, as in some containers; the tests then cannot say what they promise */
export async function mountMemoryDisk(path: string, bytes: number): Promise<MemoryDisk> {
  await mkdir(path, { recursive: true })
  await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', path])
  const remount = async (option: string): Promise<void> =>
    void (await run('mount', ['-o', `remount,${option}`, path]))
  return {
    path,
    remount,
    async leaveFree(freeBytes) {
      const { bsize, blocks, bfree } = await statfs(path)
      await remount(`size=${(blocks - bfree) * bsize + freeBytes}`)
    },
    async [Symbol.asyncDispose]() {
      // Lazily, so that a process that was killed a moment ago cannot keep it.
      await run('umount', ['-l', path])
    },
  }
}
