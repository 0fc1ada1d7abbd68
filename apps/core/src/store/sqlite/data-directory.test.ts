import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { mayMount, mountMemoryDisk } from '../../../../../tests/support/mounts.ts'
import { openDataDirectory } from './data-directory.ts'
import { refuseUnsafeFileSystem } from './file-system.ts'

const NODE_FLAGS = ['--conditions=peta-source', '--disable-warning=ExperimentalWarning']
const MIB = 1024 * 1024
const LOCK = new URL('directory-lock.ts', import.meta.url)

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'peta-dir-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const options = (dataDir: string) => ({
  dataDir,
  allowUnsafeFilesystem: false,
  reserveBytes: MIB,
  nowMs: Date.UTC(2026, 0, 2),
})

/** Another process that takes the lock, says so, and holds it until it is killed. */
function holdInChild(dataDir: string) {
  const script = `
    const { lockDirectory } = await import(${JSON.stringify(LOCK.href)})
    try {
      const held = lockDirectory(${JSON.stringify(dataDir)}, Date.now())
      console.log('held'); setInterval(() => held, 1000)
    } catch (error) { console.log(error.code) }`
  const child = spawn(process.execPath, [...NODE_FLAGS, '--input-type=module', '-e', script])
  const said = once(child.stdout, 'data').then(([text]) => String(text).trim())
  return { child, said }
}

describe('the data directory', () => {
  it('is made for its owner alone, with a reserve on the disk (STO-10, STO-13)', () => {
    const dataDir = join(home, 'new', 'data')
    using directory = openDataDirectory(options(dataDir))
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
    const reserve = join(dataDir, 'reserve.bin')
    expect(statSync(reserve).size).toBe(MIB)
    expect(statSync(reserve).blocks * 512).toBeGreaterThanOrEqual(MIB)
    directory.reserve.release()
    expect(existsSync(reserve)).toBe(false)
  })

  it('is refused to a second opener, who learns who has it (STO-11)', () => {
    using held = openDataDirectory(options(home))
    expect(held.databasePath).toContain(home)
    expect(() => openDataDirectory(options(home))).toThrow(
      expect.objectContaining({
        code: 'data_dir_in_use',
        facts: expect.objectContaining({ pid: process.pid, since: '2026-01-02T00:00:00.000Z' }),
      }),
    )
  })

  it('can be opened again once it was closed', () => {
    openDataDirectory(options(home))[Symbol.dispose]()
    openDataDirectory(options(home))[Symbol.dispose]()
    expect(existsSync(join(home, 'peta.lock.json'))).toBe(true)
  })

  it('is refused to a second process, and free at once after the first is killed (STO-11)', async () => {
    const first = holdInChild(home)
    expect(await first.said).toBe('held')
    const second = holdInChild(home)
    expect(await second.said).toBe('data_dir_in_use')
    second.child.kill('SIGKILL')

    const ended = once(first.child, 'exit')
    first.child.kill('SIGKILL')
    await ended
    using directory = openDataDirectory(options(home))
    expect(directory.databasePath).toBe(join(home, 'peta.db'))
    const note: unknown = JSON.parse(readFileSync(join(home, 'peta.lock.json'), 'utf8'))
    expect(note).toMatchObject({ pid: process.pid })
  })

  it('is refused where nothing can be written', () => {
    expect(() => openDataDirectory(options('/proc/peta'))).toThrow(
      expect.objectContaining({ code: 'data_dir_unwritable', facts: { path: '/proc/peta' } }),
    )
  })

  it.runIf(mayMount)('is refused on a volume that is read-only', async () => {
    await using disk = await mountMemoryDisk(join(home, 'disk'), MIB)
    await disk.remount('ro')
    expect(() => openDataDirectory(options(disk.path))).toThrow(
      expect.objectContaining({ code: 'data_dir_unwritable' }),
    )
  })

  it.runIf(mayMount)('opens on a disk without room for its reserve (STO-13)', async () => {
    await using disk = await mountMemoryDisk(join(home, 'disk'), MIB)
    {
      using directory = openDataDirectory(options(disk.path))
      expect(await directory.freeBytes()).toBeLessThan(MIB)
    }
    expect(existsSync(join(disk.path, 'reserve.bin'))).toBe(false)
  })

  it.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0x01021997, '9p'],
    [0x65735546, 'FUSE'],
  ])(
    'is refused on a file system without reliable locks: %s is %s (STO-12)',
    (type, filesystem) => {
      expect(() => refuseUnsafeFileSystem(home, false, () => type)).toThrow(
        expect.objectContaining({ code: 'filesystem_unsafe', facts: { path: home, filesystem } }),
      )
      expect(() => refuseUnsafeFileSystem(home, true, () => type)).not.toThrow()
    },
  )
})
